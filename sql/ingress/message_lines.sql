-- message_lines: these messages as lists show them, in order, without their payloads: of what they say the beginning. An
-- edited one says what it says now, and one that was taken back nothing. NULL: the org has no such. (LIMIT: each is
-- looked up by itself, however few there seem to be.)
CREATE OR REPLACE FUNCTION message_lines(p_org_ids uuid[], p_ids uuid[]) RETURNS json[]
LANGUAGE plpgsql STABLE SET search_path = tollgate, pg_temp AS $$
BEGIN
    RETURN ARRAY(
        SELECT CASE WHEN m.id IS NOT NULL THEN json_build_object(
                   'message_id', m.id, 'org_id', m.org_id, 'channel_id', m.channel_id, 'contact_id', c.id,
                   'phone', c.phone, 'user_id', c.user_id, 'name', c.name, 'direction', m.direction, 'type', m.type,
                   'wamid', m.wamid, 'status', coalesce(o.state, m.status),
                   'text', left(CASE WHEN k.revoked_at IS NOT NULL THEN NULL WHEN k.edited_at IS NOT NULL THEN k.text
                                     ELSE coalesce(m.text, m.summary, CASE m.direction WHEN 'outbound'
                                                   THEN body_said(m.type, m.payload) END) END, 256),
                   'mime_type', m.mime_type, 'reply_to', m.reply_to, 'group_id', m.group_id, 'origin', m.origin,
                   'error_code', m.error_code, 'refunded', m.refunded, 'created_at', time_text(m.created_at),
                   'sent_at', time_text(m.sent_at), 'delivered_at', time_text(m.delivered_at),
                   'read_at', time_text(m.read_at), 'failed_at', time_text(m.failed_at),
                   'edited_at', time_text(k.edited_at), 'revoked_at', time_text(k.revoked_at)) END
          FROM unnest(p_org_ids, p_ids) WITH ORDINALITY AS f (org_id, id, place)
          LEFT JOIN messages m ON m.id = ANY (ARRAY[f.id]) AND m.org_id = f.org_id
          LEFT JOIN LATERAL (SELECT coalesce(w.merged_into, w.id) AS id FROM contacts w
                              WHERE w.org_id = m.org_id AND w.id = m.contact_id LIMIT 1) w ON true
          LEFT JOIN LATERAL (SELECT s.id, s.phone, s.user_id, s.name FROM contacts s
                              WHERE s.org_id = m.org_id AND s.id = w.id LIMIT 1) c ON true
          LEFT JOIN outbox o ON o.message_id = ANY (ARRAY[m.id]) AND o.org_id = m.org_id
          LEFT JOIN LATERAL changes_of(m.org_id, m.channel_id, m.wamid, m.direction) k ON true
         ORDER BY f.place);
END $$;
