-- list_rules: an org's active rules that can work, in the order in which they are tried, each with the version of the
-- whole. No row: there is none. A worker of a version before does not know of choices, or of hours, and gets no rule with
-- them. Those that have hours come with these for the time around p_at.
CREATE OR REPLACE FUNCTION list_rules(p_org_id uuid, p_with_choices boolean DEFAULT false,
                                      p_at bigint DEFAULT NULL) -- Unix seconds; NULL: without rules that have hours
RETURNS TABLE (rules_version bigint, id uuid, channel_id uuid, match_kind text, of_choice boolean, pattern text,
               reply text, version bigint,
               has_hours boolean, hours text, -- when it answers: core/rule_hours.sql
               hours_from bigint, hours_until bigint) -- they are told for the time between
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
    SELECT o.rules_version, r.id, r.channel_id, r.match_kind, r.match_on = 'choice', r.pattern, r.reply, r.version::bigint,
           r.hours IS NOT NULL,
           CASE WHEN r.hours IS NOT NULL THEN hours_text(r.hours, to_timestamp(p_at - 3600), to_timestamp(p_at + 86400)) END,
           p_at - 3600, p_at + 86400
      FROM automation_rules r JOIN organizations o ON o.id = r.org_id
     WHERE r.org_id = p_org_id AND r.active AND r.state IN ('good', 'former')
       AND (p_with_choices OR r.match_on = 'text') AND (p_at IS NOT NULL OR r.hours IS NULL)
     ORDER BY r.priority, r.created_at, r.id;
$$;
