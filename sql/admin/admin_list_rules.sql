-- admin_list_rules: an org's automation rules, newest first.
CREATE OR REPLACE FUNCTION admin_list_rules(p_org_id uuid, p_before_id uuid, p_limit bigint) RETURNS json
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
BEGIN
    PERFORM org_named(p_org_id);
    RETURN (
        SELECT page_of('rules', p_limit, array_agg(rule_document(p.r) ORDER BY p.place),
                       array_agg(to_json((p.r).id) ORDER BY p.place))
          FROM (SELECT r, row_number() OVER (ORDER BY r.created_at DESC, r.id DESC) AS place FROM automation_rules r
                 WHERE r.org_id = p_org_id
                   AND (p_before_id IS NULL
                        OR (r.created_at, r.id) < (SELECT b.created_at, b.id FROM automation_rules b
                                                    WHERE b.org_id = p_org_id AND b.id = p_before_id))
                 ORDER BY r.created_at DESC, r.id DESC LIMIT p_limit + 1) p);
END $$;
