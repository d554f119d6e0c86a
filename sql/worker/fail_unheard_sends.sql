-- fail_unheard_sends: what has been unconfirmed for longer than p_window_s, without a word of Meta's, has
-- failed, and is refunded by the rule of the outcome that left it so. An org whose wallet somebody holds is left out.
CREATE OR REPLACE FUNCTION fail_unheard_sends(p_window_s bigint, p_limit bigint,
                                              p_skip bigint DEFAULT 0)
RETURNS TABLE (org_id uuid, message_id uuid, refunded boolean, released_id uuid)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
#variable_conflict use_column
DECLARE
    v_orgs    uuid[];
    v_unheard uuid[];
BEGIN
    SELECT array_agg(u.org_id), array_agg(u.id) INTO v_orgs, v_unheard
      FROM (SELECT m.org_id, m.id FROM messages m
             WHERE m.unconfirmed_at < clock_timestamp() - p_window_s * interval '1 second'
             ORDER BY m.unconfirmed_at LIMIT p_limit OFFSET p_skip) u;
    v_orgs := lock_free_wallets(v_orgs);
    WITH failed AS (
        UPDATE messages m
           SET status = 'failed', failed_at = clock_timestamp(), unconfirmed_at = NULL,
               refunded = m.fee > 0 AND (SELECT is_refundable(r, m.error_transient)
                                           FROM error_rule_of(m.error_code, m.error_subcode, m.error_message) r)
         WHERE m.id = ANY (v_unheard) AND m.org_id = ANY (v_orgs) AND m.status = 'unconfirmed'
           AND m.unconfirmed_at < clock_timestamp() - p_window_s * interval '1 second'
        RETURNING m.org_id, m.id, m.refunded
    )
    SELECT array_agg(f.org_id), array_agg(f.id) INTO v_orgs, v_unheard FROM failed f;
    PERFORM refund_sends(array_agg(m.org_id), array_agg(m.id), array_agg(m.error_code || ', unheard of'))
       FROM messages m WHERE m.id = ANY (v_unheard) AND m.org_id = ANY (v_orgs) AND m.refunded;
    PERFORM tell_of_ends(v_orgs, v_unheard);
    RETURN QUERY
    SELECT m.org_id, m.id, m.refunded, NULL::uuid
      FROM messages m WHERE m.id = ANY (v_unheard) AND m.org_id = ANY (v_orgs);
END $$;
