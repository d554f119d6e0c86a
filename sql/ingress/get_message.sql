-- get_message: one message as a JSON document, with what has happened to it (timeline_of), or no row if the org has no
-- such. With the caller's rights,
-- as all reads for the outer interface, so that row-level security stands behind it.
--
-- The text of what was edited is the newest one, and that of what was revoked is gone; original_text is the first.
--
-- What it said may be gone (body_gone_at): its org keeps that only so long, or its contact was erased.
--
-- Until it is `sent` or final a message's state stands in the outbox; then in the record.
CREATE OR REPLACE FUNCTION get_message(p_org_id uuid, p_message_id uuid) RETURNS TABLE (document json)
LANGUAGE plpgsql SET search_path = tollgate, pg_temp AS $$
BEGIN
    PERFORM set_config('tollgate.org_id', p_org_id::text, true);
    RETURN QUERY
    SELECT row_to_json(d) FROM (
        SELECT m.id AS message_id, m.org_id, m.channel_id, c.id AS contact_id, m.direction, m.type, c.phone, c.user_id,
               coalesce(o.state, m.status) AS status, m.wamid, money_text(m.fee) AS fee, m.refunded,
               coalesce(o.attempt, m.attempts) AS attempts,
               CASE WHEN m.error_code IS NOT NULL THEN
                    (SELECT row_to_json(e) FROM (SELECT m.error_code AS code,
                                                        m.error_message AS message) e)
               END AS error,
               (SELECT coalesce(json_agg(row_to_json(t) ORDER BY t.attempt), '[]'::json)
                  FROM (SELECT a.attempt, a.outcome, a.error_message, time_text(a.claimed_at) AS began_at,
                               time_text(a.settled_at) AS ended_at
                          FROM attempts a WHERE a.org_id = m.org_id AND a.message_id = m.id) t)
               AS failed_attempts,
               m.refund_waived,
               (SELECT k.campaign_id FROM campaign_messages k WHERE k.org_id = m.org_id AND k.message_id = m.id)
               AS campaign_id,
               CASE WHEN m.outside_window THEN 'outside_window' ELSE m.template_warning END AS warning, m.callback_data,
               CASE WHEN m.body_gone_at IS NULL THEN m.payload END AS payload,
               CASE WHEN k.revoked_at IS NOT NULL THEN NULL WHEN k.edited_at IS NOT NULL THEN k.text
                    ELSE m.text END AS text,
               m.summary, m.media_id, m.mime_type, m.reply_to, m.referral, m.group_id, m.origin,
               CASE WHEN coalesce(k.edited_at, k.revoked_at) IS NOT NULL THEN m.text END AS original_text,
               time_text(k.edited_at) AS edited_at, time_text(k.revoked_at) AS revoked_at,
               (SELECT row_to_json(x)
                  FROM (SELECT x.wamid, (SELECT o.id FROM messages o
                                          WHERE o.channel_id = x.channel_id AND o.org_id = x.org_id
                                            AND o.wamid = x.wamid) AS message_id
                          FROM message_changes x WHERE x.org_id = m.org_id AND x.message_id = m.id) x) AS changes,
               m.pricing,
               (SELECT row_to_json(a) FROM (SELECT r.reply_id AS message_id, r.rule_id, r.rule_version, r.reply_skipped
                                              FROM auto_replies r
                                             WHERE r.org_id = m.org_id AND r.message_id = m.id) a)
               AS auto_reply,
               CASE WHEN m.direction = 'outbound' THEN -- of one transaction, of one time
                    (SELECT row_to_json(a) FROM (SELECT r.message_id, r.rule_id, r.rule_version FROM auto_replies r
                                                  WHERE r.org_id = m.org_id AND r.contact_id = c.id
                                                    AND r.created_at = m.created_at AND r.reply_id = m.id) a) END
               AS answers,
               time_text(m.created_at) AS created_at,
               CASE WHEN o.due_at < 'infinity' THEN time_text(o.due_at) END AS due_at,
               o.priority, time_text(o.not_after) AS not_after,
               time_text(m.unconfirmed_at) AS unconfirmed_at,
               time_text(m.sent_at) AS sent_at, time_text(m.delivered_at) AS delivered_at,
               time_text(m.read_at) AS read_at, time_text(m.failed_at) AS failed_at,
               time_text(m.body_gone_at) AS body_gone_at, timeline_of(m) AS timeline
          FROM messages m
          LEFT JOIN contacts w ON w.org_id = m.org_id AND w.id = m.contact_id
          LEFT JOIN contacts c ON c.org_id = w.org_id AND c.id = coalesce(w.merged_into, w.id)
          LEFT JOIN outbox o ON o.org_id = m.org_id AND o.message_id = m.id
         CROSS JOIN LATERAL changes_of(m.org_id, m.channel_id, m.wamid, m.direction) k
         WHERE m.org_id = p_org_id AND m.id = p_message_id) d;
END $$;
