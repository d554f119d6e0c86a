-- health_document: how Meta says that a channel's number is, when it was last asked, and why it did not answer then.
CREATE OR REPLACE FUNCTION health_document(p_org_id uuid, p_channel_id uuid) RETURNS json
LANGUAGE sql STABLE SET search_path = tollgate, pg_temp AS $$
    SELECT json_build_object(
        'status', f.facts -> 'status', 'can_send_message', f.facts -> 'can_send_message',
        'problems', coalesce(f.facts -> 'problems', '[]'), 'quality_rating', f.facts -> 'quality_rating',
        'messaging_limit', f.facts -> 'messaging_limit', 'throughput', f.facts -> 'throughput',
        'verified_name', f.facts -> 'verified_name', 'name_status', f.facts -> 'name_status',
        'name_request', f.facts -> 'name_request', 'display_phone_number', f.facts -> 'display_phone_number',
        'code_verification_status', f.facts -> 'code_verification_status', 'account_mode', f.facts -> 'account_mode',
        'platform_type', f.facts -> 'platform_type', 'looked_at', time_text(h.looked_at),
        'error', CASE WHEN h.error_code IS NOT NULL
                      THEN json_build_object('code', h.error_code, 'message', h.error_message,
                                             'at', time_text(h.failed_at)) END)
      FROM (SELECT jsonb_object_agg(t.fact, t.value) FILTER (WHERE t.value IS NOT NULL) AS facts FROM channel_facts t
             WHERE t.org_id = p_org_id AND t.channel_id = p_channel_id) f
      LEFT JOIN channel_health h ON h.org_id = p_org_id AND h.channel_id = p_channel_id;
$$;
