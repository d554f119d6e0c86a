-- find_media: where the file lies of this id of the org's, and what it is; no row if the org has none such.
CREATE OR REPLACE FUNCTION find_media(p_org_id uuid, p_id uuid)
RETURNS TABLE (state text, mime_type text, filename text, size bigint, file text, error_code text)
LANGUAGE plpgsql SET search_path = tollgate, pg_temp AS $$
BEGIN
    PERFORM read_for(p_org_id);
    RETURN QUERY SELECT m.state, m.mime_type, m.filename, m.size, m.file, m.error_code
                   FROM media m WHERE m.org_id = p_org_id AND m.id = p_id;
END $$;
