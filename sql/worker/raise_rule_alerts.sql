-- raise_rule_alerts: tells orgs of rules that do not work, once as long as that is so. It is resolved when the rule
-- is written anew (core/automation_rules.sql).
CREATE OR REPLACE FUNCTION raise_rule_alerts(p_org_ids uuid[], p_rule_ids uuid[], p_kinds text[], p_parts text[],
                                             p_messages text[]) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
    INSERT INTO alerts (org_id, rule_id, kind, outcome, message)
    SELECT i.org_id, i.rule_id, i.kind, i.part, i.message
      FROM unnest(p_org_ids, p_rule_ids, p_kinds, p_parts, p_messages)
           AS i (org_id, rule_id, kind, part, message)
      JOIN automation_rules r ON r.org_id = i.org_id AND r.id = i.rule_id AND r.active
    ON CONFLICT DO NOTHING;
$$;
