-- contact_documents: these contacts, in order. channels are those over which one has written or has a wish, with whose word
-- that was. (Each row is looked up by all of its key, and alone: an org seems to have few conversations, while it has many.)
CREATE OR REPLACE FUNCTION contact_documents(p_org_id uuid, p_contact_ids bigint[]) RETURNS json[]
LANGUAGE plpgsql STABLE SET search_path = tollgate, pg_temp AS $$
BEGIN
    RETURN ARRAY(
        SELECT json_build_object(
                   'id', c.id, 'phone', c.phone, 'user_id', c.user_id, 'name', coalesce(k.name, c.name),
                   'profile_name', c.name, 'language', k.language, 'tags', to_json(coalesce(k.tags, '{}')),
                   'attributes', coalesce(k.attributes, '{}'), 'opted_out', coalesce(w.opted_out, false),
                   'channels', coalesce(w.channels, '[]'), 'created_at', time_text(c.created_at))
          FROM unnest(p_contact_ids) WITH ORDINALITY AS u (id, n)
         CROSS JOIN LATERAL (SELECT * FROM contacts s WHERE s.org_id = p_org_id AND s.id = u.id LIMIT 1) c
          LEFT JOIN LATERAL (SELECT * FROM contact_cards s
                              WHERE s.org_id = p_org_id AND s.contact_id = u.id LIMIT 1) k ON true
         CROSS JOIN LATERAL (
               SELECT bool_or(v.opted_out_at IS NOT NULL) AS opted_out,
                      json_agg(json_build_object(
                          'channel_id', v.channel_id, 'last_inbound_at', time_text(v.last_inbound_at),
                          'opted_out_at', time_text(v.opted_out_at), 'preference_at', time_text(v.preference_at),
                          'by', p.actor, 'why', p.why) ORDER BY v.channel_id) AS channels
                 FROM channels h
                CROSS JOIN LATERAL (SELECT * FROM conversations s
                                     WHERE s.org_id = p_org_id AND s.channel_id = h.id AND s.contact_id = u.id LIMIT 1) v
                 LEFT JOIN LATERAL (
                      SELECT r.actor, r.why
                        FROM (SELECT u.id AS id
                              UNION ALL
                              SELECT i.id FROM contacts i WHERE i.org_id = p_org_id AND i.merged_into = u.id) o
                       CROSS JOIN LATERAL (SELECT * FROM preferences s
                                            WHERE s.org_id = p_org_id AND s.contact_id = o.id
                                              AND s.channel_id = v.channel_id LIMIT 1) r
                       WHERE r.at = v.preference_at LIMIT 1) p ON true
                WHERE h.org_id = p_org_id) w
         ORDER BY u.n);
END $$;
