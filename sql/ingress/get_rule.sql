-- get_rule: one of an org's automation rules.
CREATE OR REPLACE FUNCTION get_rule(p_org_id uuid, p_id uuid) RETURNS json
LANGUAGE plpgsql SET search_path = tollgate, pg_temp AS $$
DECLARE
    v_rule automation_rules;
BEGIN
    PERFORM read_for(p_org_id);
    SELECT * INTO v_rule FROM automation_rules r WHERE r.org_id = p_org_id AND r.id = p_id;
    IF NOT FOUND THEN
        PERFORM refuse('not_found', NULL, 'The org has no such rule');
    END IF;
    RETURN rule_document(v_rule);
END $$;
