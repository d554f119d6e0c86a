-- begin_upload: a file of the org's own is about to be put into the store: its name there. Refused if there is no room for so
-- much. Until keep_upload says that it is there it counts as one that has failed, and is removed p_lease_s from now.
CREATE OR REPLACE FUNCTION begin_upload(p_org_id uuid, p_id uuid, p_mime_type text, p_filename text, p_size bigint,
                                        p_lease_s bigint) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
BEGIN
    PERFORM take_media_room(p_org_id, p_size);
    INSERT INTO media (org_id, id, mime_type, filename, state, next_at, file, error_code, error_message)
    VALUES (p_org_id, p_id, p_mime_type, p_filename, 'failed', clock_timestamp() + p_lease_s * interval '1 second',
            media_file(p_org_id, p_id), 'not_uploaded', 'It has not come as a whole');
    RETURN media_file(p_org_id, p_id);
END $$;
