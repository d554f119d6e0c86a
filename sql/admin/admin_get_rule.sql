-- admin_get_rule: one of an org's automation rules.
CREATE OR REPLACE FUNCTION admin_get_rule(p_org_id uuid, p_id uuid) RETURNS json
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
BEGIN
    RETURN rule_document(rule_of(p_org_id, p_id));
END $$;
