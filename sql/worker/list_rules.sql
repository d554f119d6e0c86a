-- list_rules: an org's active rules that can work, in the order in which they are tried, each with the version of the
-- whole. No row: there is none. A worker of the version before does not know of choices, and gets no rule for them.
DROP FUNCTION IF EXISTS list_rules(uuid);
CREATE OR REPLACE FUNCTION list_rules(p_org_id uuid, p_with_choices boolean DEFAULT false)
RETURNS TABLE (rules_version bigint, id uuid, channel_id uuid, match_kind text, of_choice boolean, pattern text,
               reply text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
    SELECT o.rules_version, r.id, r.channel_id, r.match_kind, r.match_on = 'choice', r.pattern, r.reply
      FROM automation_rules r JOIN organizations o ON o.id = r.org_id
     WHERE r.org_id = p_org_id AND r.active AND r.state IN ('good', 'former')
       AND (p_with_choices OR r.match_on = 'text')
     ORDER BY r.priority, r.created_at, r.id;
$$;
