-- get_template: one of the org's templates, by Meta's id.
CREATE OR REPLACE FUNCTION get_template(p_org_id uuid, p_name text) RETURNS json
LANGUAGE plpgsql SET search_path = tollgate, pg_temp AS $$
DECLARE
    v_document json;
BEGIN
    PERFORM read_for(p_org_id);
    SELECT template_document(t, a.looked_at) INTO v_document
      FROM templates t JOIN template_accounts a ON a.org_id = t.org_id AND a.waba_id = t.waba_id
     WHERE t.org_id = p_org_id AND t.id = p_name AND t.status <> 'DELETED';
    IF v_document IS NULL THEN
        PERFORM refuse('not_found', NULL, 'The org has no such template, as far as is known');
    END IF;
    RETURN v_document;
END $$;
