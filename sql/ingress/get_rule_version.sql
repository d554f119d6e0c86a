-- get_rule_version: one version of an org's rule.
CREATE OR REPLACE FUNCTION get_rule_version(p_org_id uuid, p_id uuid, p_n bigint) RETURNS json
LANGUAGE plpgsql SET search_path = tollgate, pg_temp AS $$
DECLARE
    v_version rule_versions;
BEGIN
    PERFORM read_for(p_org_id);
    SELECT * INTO v_version FROM rule_versions v WHERE v.org_id = p_org_id AND v.rule_id = p_id AND v.version = p_n;
    IF NOT FOUND THEN
        PERFORM refuse('not_found', NULL, 'The org''s rule has no such version');
    END IF;
    RETURN rule_version_document(v_version, (SELECT r.version FROM automation_rules r
                                              WHERE r.org_id = p_org_id AND r.id = p_id));
END $$;
