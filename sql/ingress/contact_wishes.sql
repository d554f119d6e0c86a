-- contact_wishes: over which channels the contact has written or has a wish, and whose word that was.
CREATE OR REPLACE FUNCTION contact_wishes(p_contact contacts) RETURNS json
LANGUAGE sql STABLE SET search_path = tollgate, pg_temp AS $$
    SELECT coalesce(json_agg(json_build_object(
               'channel_id', v.channel_id, 'last_inbound_at', time_text(v.last_inbound_at),
               'opted_out_at', time_text(v.opted_out_at), 'preference_at', time_text(v.preference_at),
               'by', p.actor, 'why', p.why) ORDER BY v.channel_id), '[]')
      FROM channels h
      JOIN conversations v ON v.org_id = h.org_id AND v.channel_id = h.id AND v.contact_id = (p_contact).id
      LEFT JOIN LATERAL (
           SELECT p.* FROM preferences p
            WHERE p.org_id = v.org_id AND p.channel_id = v.channel_id AND p.at = v.preference_at
              AND p.contact_id = ANY (ARRAY[(p_contact).id] || ARRAY(
                  SELECT k.id FROM contacts k WHERE k.org_id = v.org_id AND k.merged_into = (p_contact).id))
            LIMIT 1) p ON true
     WHERE h.org_id = (p_contact).org_id;
$$;
