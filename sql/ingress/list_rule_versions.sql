-- list_rule_versions: what an org's rule was, newest first, also if it was deleted. A cursor is a version.
CREATE OR REPLACE FUNCTION list_rule_versions(p_org_id uuid, p_id uuid, p_before bigint, p_limit bigint) RETURNS json
LANGUAGE plpgsql SET search_path = tollgate, pg_temp AS $$
DECLARE
    v_current bigint;
BEGIN
    PERFORM read_for(p_org_id);
    IF NOT EXISTS (SELECT FROM rule_versions v WHERE v.org_id = p_org_id AND v.rule_id = p_id) THEN
        PERFORM refuse('not_found', NULL, 'The org has no such rule');
    END IF;
    v_current := (SELECT r.version FROM automation_rules r WHERE r.org_id = p_org_id AND r.id = p_id);
    RETURN (
        SELECT page_of('versions', p_limit, array_agg(rule_version_document(p.v, v_current) ORDER BY p.place),
                       array_agg(to_json((p.v).version) ORDER BY p.place))
          FROM (SELECT v, row_number() OVER (ORDER BY v.version DESC) AS place FROM rule_versions v
                 WHERE v.org_id = p_org_id AND v.rule_id = p_id AND v.version < p_before
                 ORDER BY v.version DESC LIMIT p_limit + 1) p);
END $$;
