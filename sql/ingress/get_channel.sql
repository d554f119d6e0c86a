-- get_channel: one of the org's channels, by its id, or by Meta's id of its number: of several that have had it, the one
-- that has it, or had it last.
CREATE OR REPLACE FUNCTION get_channel(p_org_id uuid, p_name text) RETURNS json
LANGUAGE plpgsql SET search_path = tollgate, pg_temp AS $$
DECLARE
    v_document json;
BEGIN
    PERFORM read_for(p_org_id);
    SELECT own_channel(p_org_id, f.id) INTO v_document
      FROM (SELECT c.id FROM channels c
             WHERE c.org_id = p_org_id AND (c.id::text = lower(p_name) OR c.phone_number_id = p_name)
             ORDER BY c.status = 'disabled', c.created_at DESC, c.id DESC LIMIT 1) f;
    IF v_document IS NULL THEN
        PERFORM refuse('not_found', NULL, 'The org has no such channel');
    END IF;
    RETURN v_document;
END $$;
