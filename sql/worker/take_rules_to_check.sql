-- take_rules_to_check: up to p_limit rules that no worker has checked as they are now, for this transaction alone,
-- which is to keep what it finds (keep_rule_verdicts). Never waits: neither for who is changing rules of an org nor
-- for another worker.
CREATE OR REPLACE FUNCTION take_rules_to_check(p_limit bigint)
RETURNS TABLE (org_id uuid, id uuid, match_kind text, pattern text, reply text, is_former boolean)
LANGUAGE sql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
    SELECT r.org_id, r.id, r.match_kind, r.pattern, r.reply, r.state = 'former'
      FROM automation_rules r JOIN organizations o ON o.id = r.org_id
     WHERE r.active AND r.state IN ('unchecked', 'former')
     ORDER BY r.org_id, r.id LIMIT p_limit FOR NO KEY UPDATE OF o, r SKIP LOCKED;
$$;
