-- keep_rule_verdicts: what came of checking the rules of take_rules_to_check. A rule that cannot work is refused, and
-- its org is told.
CREATE OR REPLACE FUNCTION keep_rule_verdicts(
    p_org_ids  uuid[],
    p_rule_ids uuid[],
    p_parts    text[], -- of what cannot work: which part of it
    p_messages text[]  -- and why; NULL: it is good
) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
BEGIN
    UPDATE automation_rules r
       SET state = CASE WHEN i.message IS NULL THEN 'good' ELSE 'refused' END,
           refused_for = i.part || ': ' || i.message
      FROM unnest(p_org_ids, p_rule_ids, p_parts, p_messages) AS i (org_id, rule_id, part, message)
     WHERE r.org_id = i.org_id AND r.id = i.rule_id;
    UPDATE alerts a SET resolved_at = now()
      FROM unnest(p_org_ids, p_rule_ids) AS i (org_id, rule_id)
     WHERE a.org_id = i.org_id AND a.rule_id = i.rule_id AND a.resolved_at IS NULL;
    PERFORM raise_rule_alerts(array_agg(i.org_id), array_agg(i.rule_id),
                              array_agg('rule_refused'::text), array_agg(i.part), array_agg(i.message))
       FROM unnest(p_org_ids, p_rule_ids, p_parts, p_messages) AS i (org_id, rule_id, part, message)
      WHERE i.message IS NOT NULL;
END $$;
