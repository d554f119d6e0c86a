-- change_rule: changes what is said of an org's automation rule.
CREATE OR REPLACE FUNCTION change_rule(p_actor text, p_org_id uuid, p_id uuid, p_body json) RETURNS json
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
BEGIN
    PERFORM act_as(p_actor), org_named(p_org_id);
    RETURN rule_document(stored_rule(written_rule(rule_of(p_org_id, p_id), p_body)));
EXCEPTION WHEN check_violation OR invalid_text_representation THEN
    PERFORM refuse_rule(SQLERRM);
END $$;
