-- conversation_lines: the conversations that stand at these places (newest_id) as lists show them, in order: who, over
-- which number, the last message in short, how many are unread (up to 100), until when anything may be sent to the
-- contact. (So many of a contact's newest messages are looked at, over whichever number, and of those that wait.)
CREATE OR REPLACE FUNCTION conversation_lines(p_org_id uuid, p_places uuid[]) RETURNS json[]
LANGUAGE plpgsql STABLE SET search_path = tollgate, pg_temp AS $$
DECLARE
    c_looked_at CONSTANT bigint := 20;
    c_counted   CONSTANT bigint := 200;
    v_rows      conversations[];
    v_lasts     uuid[];
    v_unread    bigint[];
BEGIN
    SELECT array_agg(v::conversations ORDER BY f.n), array_agg(coalesce(greatest(l.id, w.id), v.newest_id) ORDER BY f.n),
           array_agg(CASE WHEN v.unread THEN greatest(1, least(100, l.unread)) ELSE 0 END ORDER BY f.n)
      INTO v_rows, v_lasts, v_unread
      FROM unnest(p_places) WITH ORDINALITY AS f (place, n)
     CROSS JOIN LATERAL (SELECT * FROM conversations s
                          WHERE s.org_id = p_org_id AND s.newest_id = f.place LIMIT 1) v
     CROSS JOIN LATERAL (
           SELECT (array_agg(m.id ORDER BY m.id DESC))[1] AS id,
                  count(*) FILTER (WHERE m.direction = 'inbound'
                                     AND m.id > coalesce(v.read_until, '00000000-0000-0000-0000-000000000000')) AS unread
             FROM (SELECT v.contact_id AS id
                   UNION ALL
                   SELECT k.id FROM contacts k WHERE k.org_id = v.org_id AND k.merged_into = v.contact_id) c
            CROSS JOIN LATERAL (
                  SELECT i.id, i.channel_id, i.direction, i.type, i.group_id FROM messages i
                   WHERE i.contact_id = c.id AND is_settled(i)
                     AND i.org_id = v.org_id
                   ORDER BY i.id DESC LIMIT CASE WHEN v.unread THEN c_counted ELSE c_looked_at END) m
            WHERE m.channel_id = v.channel_id AND m.group_id IS NULL AND m.type NOT IN ('edit', 'revoke')) l
      LEFT JOIN LATERAL (SELECT o.message_id AS id
                           FROM (SELECT i.message_id FROM outbox i
                                  WHERE i.channel_id = v.channel_id AND i.contact_id = v.contact_id AND i.org_id = v.org_id
                                  ORDER BY i.seq DESC LIMIT c_looked_at) o
                          ORDER BY o.message_id DESC LIMIT 1) w ON true;
    IF v_lasts IS NULL THEN
        RETURN '{}';
    END IF;
    RETURN ARRAY(
        SELECT json_build_object(
                   'channel_id', h.id, 'phone_number_id', h.phone_number_id, 'contact_id', v.contact_id, 'phone', c.phone,
                   'user_id', c.user_id, 'name', c.name, 'last_message', l.line, 'unread', l.unread,
                   'last_inbound_at', time_text(v.last_inbound_at),
                   'window_open_until', CASE WHEN v.last_inbound_at > now() - interval '24 hours'
                                             THEN time_text(v.last_inbound_at + interval '24 hours') END,
                   'opted_out_at', time_text(v.opted_out_at))
          FROM unnest(v_lasts, v_unread, message_lines(array_fill(p_org_id, ARRAY[cardinality(v_lasts)]), v_lasts))
               WITH ORDINALITY AS l (id, unread, line, n)
         CROSS JOIN LATERAL (SELECT (v_rows[l.n]).*) v
         CROSS JOIN LATERAL (SELECT n.id, n.phone_number_id FROM channels n
                              WHERE n.org_id = p_org_id AND n.id = v.channel_id LIMIT 1) h
          LEFT JOIN LATERAL (SELECT s.phone, s.user_id, s.name FROM contacts s
                              WHERE s.org_id = p_org_id AND s.id = v.contact_id LIMIT 1) c ON true
         ORDER BY l.n);
END $$;
