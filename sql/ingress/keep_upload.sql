-- keep_upload: what was begun lies in the store as a whole. Refused if there is no room for it any more, or it came too
-- late: then it is removed. Safe to repeat.
CREATE OR REPLACE FUNCTION keep_upload(p_actor text, p_org_id uuid, p_id uuid, p_size bigint, p_sha256 text) RETURNS json
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
DECLARE
    v_document json;
BEGIN
    PERFORM act_as(p_actor), take_media_room(p_org_id, p_size)
      FROM media m WHERE m.org_id = p_org_id AND m.id = p_id AND m.state = 'failed';
    UPDATE media m
       SET state = 'kept', size = p_size, sha256 = p_sha256, kept_at = clock_timestamp(), error_code = NULL,
           error_message = NULL, next_at = clock_timestamp()
     WHERE m.org_id = p_org_id AND m.id = p_id AND m.state = 'failed' AND m.error_code = 'not_uploaded'
       AND m.file IS NOT NULL AND m.next_at > clock_timestamp();
    SELECT media_document(m) INTO v_document
      FROM media m WHERE m.org_id = p_org_id AND m.id = p_id AND m.state = 'kept';
    IF v_document IS NULL THEN
        PERFORM refuse('unavailable', NULL, 'It took longer than it may');
    END IF;
    RETURN v_document;
END $$;
