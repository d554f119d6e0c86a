-- contact_document: a contact.
CREATE OR REPLACE FUNCTION contact_document(p_contact contacts) RETURNS json
LANGUAGE sql STABLE SET search_path = tollgate, pg_temp AS $$
    SELECT json_build_object(
        'id', (p_contact).id, 'phone', (p_contact).phone, 'user_id', (p_contact).user_id,
        'name', coalesce(k.name, (p_contact).name), 'profile_name', (p_contact).name,
        'language', k.language, 'tags', to_json(coalesce(k.tags, '{}')), 'attributes', coalesce(k.attributes, '{}'),
        'opted_out', EXISTS (SELECT FROM channels h
                               JOIN conversations v ON v.org_id = h.org_id AND v.channel_id = h.id
                              WHERE h.org_id = (p_contact).org_id AND v.contact_id = (p_contact).id
                                AND v.opted_out_at IS NOT NULL),
        'channels', contact_wishes(p_contact), 'created_at', time_text((p_contact).created_at))
      FROM (SELECT) one
      LEFT JOIN contact_cards k ON k.org_id = (p_contact).org_id AND k.contact_id = (p_contact).id;
$$;
