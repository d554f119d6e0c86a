-- list_rules: an org's active rules in the order in which they are tried, each with the version of the
-- whole. No row: no active rule.
CREATE OR REPLACE FUNCTION list_rules(p_org_id uuid)
RETURNS TABLE (rules_version bigint, id uuid, channel_id uuid, match_kind text, pattern text, reply text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
    SELECT o.rules_version, r.id, r.channel_id, r.match_kind, r.pattern, r.reply::text
      FROM automation_rules r JOIN organizations o ON o.id = r.org_id
     WHERE r.org_id = p_org_id AND r.active
     ORDER BY r.priority, r.created_at, r.id;
$$;
