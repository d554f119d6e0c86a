-- contacts_meant: the org's contact that p_find names by contact (a phone, or a user id) or contact_id, with those that
-- turned out to be it; it stands first. '{}': the org has none; NULL: p_find names none.
CREATE OR REPLACE FUNCTION contacts_meant(p_org_id uuid, p_find json) RETURNS bigint[]
LANGUAGE plpgsql STABLE SET search_path = tollgate, pg_temp AS $$
DECLARE
    v_name text := p_find ->> 'contact';
    v_id   bigint := (p_find ->> 'contact_id')::bigint;
BEGIN
    IF num_nonnulls(v_name, v_id) = 0 THEN
        RETURN NULL;
    ELSIF num_nonnulls(v_name, v_id) = 2 THEN
        PERFORM refuse('invalid_field', 'contact_id', 'Give only one of contact and contact_id');
    END IF;
    SELECT coalesce(c.merged_into, c.id) INTO v_id
      FROM (SELECT * FROM contacts k WHERE k.org_id = p_org_id AND k.id = v_id
            UNION ALL
            SELECT * FROM contacts k WHERE k.org_id = p_org_id AND k.phone = v_name
            UNION ALL
            SELECT * FROM contacts k WHERE k.org_id = p_org_id AND k.phone = other_form_of(v_name)
            UNION ALL
            SELECT * FROM contacts k WHERE k.org_id = p_org_id AND k.user_id = v_name) c LIMIT 1;
    RETURN ARRAY(SELECT v_id WHERE v_id IS NOT NULL)
           || ARRAY(SELECT k.id FROM contacts k WHERE k.org_id = p_org_id AND k.merged_into = v_id ORDER BY k.id);
END $$;
