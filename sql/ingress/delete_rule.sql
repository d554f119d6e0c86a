-- delete_rule: deletes an org's automation rule; answers with what it was. Its versions stay.
CREATE OR REPLACE FUNCTION delete_rule(p_actor text, p_org_id uuid, p_id uuid) RETURNS json
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
DECLARE
    v_rule automation_rules;
BEGIN
    PERFORM act_as(p_actor), org_named(p_org_id);
    v_rule := rule_of(p_org_id, p_id);
    DELETE FROM automation_rules r WHERE r.org_id = p_org_id AND r.id = p_id;
    RETURN rule_document(v_rule);
END $$;
