-- list_own_rules: an org's automation rules, in the order in which they are tried. A cursor is the id of a rule.
CREATE OR REPLACE FUNCTION list_own_rules(p_org_id uuid, p_before_id uuid, p_limit bigint) RETURNS json
LANGUAGE plpgsql SET search_path = tollgate, pg_temp AS $$
BEGIN
    PERFORM read_for(p_org_id);
    RETURN (
        SELECT page_of('rules', p_limit, array_agg(rule_document(p.r) ORDER BY p.place),
                       array_agg(to_json((p.r).id) ORDER BY p.place))
          FROM (SELECT r, row_number() OVER (ORDER BY r.priority, r.created_at, r.id) AS place FROM automation_rules r
                 WHERE r.org_id = p_org_id
                   AND (p_before_id IS NULL
                        OR (r.priority, r.created_at, r.id) > (SELECT b.priority, b.created_at, b.id
                                                                 FROM automation_rules b
                                                                WHERE b.org_id = p_org_id AND b.id = p_before_id))
                 ORDER BY r.priority, r.created_at, r.id LIMIT p_limit + 1) p);
END $$;
