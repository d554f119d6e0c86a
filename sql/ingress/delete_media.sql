-- delete_media: the org's file of this id is not kept any more, and removed soon.
CREATE OR REPLACE FUNCTION delete_media(p_actor text, p_org_id uuid, p_id uuid) RETURNS json
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
DECLARE
    v_document json;
BEGIN
    PERFORM act_as(p_actor), org_named(p_org_id);
    PERFORM drop_media(p_org_id, ARRAY[p_id]);
    SELECT media_document(m) INTO v_document FROM media m WHERE m.org_id = p_org_id AND m.id = p_id;
    IF v_document IS NULL THEN
        PERFORM refuse('not_found', NULL, 'The org has no such file');
    END IF;
    RETURN v_document;
END $$;
