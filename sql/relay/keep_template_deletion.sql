-- keep_template_deletion: a template that Meta has deleted is gone. (Its row stays until a look has found that so: one that is
-- under way may still have it.)
CREATE OR REPLACE FUNCTION keep_template_deletion(p_actor text, p_org_id uuid, p_id text) RETURNS json
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
DECLARE
    v_document json;
    v_former   text;
BEGIN
    PERFORM act_as(p_actor), renew_templates(p_org_id, p_id);
    v_former := (SELECT t.status FROM templates t WHERE t.org_id = p_org_id AND t.id = p_id);
    UPDATE templates t
       SET status = 'DELETED', reason = NULL, reason_says = NULL, status_as_of = clock_timestamp(), seen_at = clock_timestamp()
     WHERE t.org_id = p_org_id AND t.id = p_id
    RETURNING template_document(t, NULL) INTO v_document;
    IF v_document IS NULL THEN
        PERFORM refuse('conflict', NULL, 'Meta has deleted the template, which is not known here any more');
    END IF;
    PERFORM tell_template_status(p_org_id, ARRAY[p_id], ARRAY[v_former]) WHERE v_former <> 'DELETED';
    RETURN v_document;
END $$;
