-- channels_named: the org's channels of this id, or with this phone_number_id (former ones, too); refused if it has none.
CREATE OR REPLACE FUNCTION channels_named(p_org_id uuid, p_name text) RETURNS uuid[]
LANGUAGE plpgsql STABLE SET search_path = tollgate, pg_temp AS $$
DECLARE
    v_ids uuid[] := ARRAY(SELECT c.id FROM channels c
                           WHERE c.org_id = p_org_id AND (c.id::text = lower(p_name) OR c.phone_number_id = p_name));
BEGIN
    IF v_ids = '{}' THEN
        PERFORM refuse('channel_not_found', 'channel', 'The org has no such channel');
    END IF;
    RETURN v_ids;
END $$;
