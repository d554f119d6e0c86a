-- rule_version_document: a version of a rule as it is shown, and whether it is the one that counts.
CREATE OR REPLACE FUNCTION rule_version_document(p_version rule_versions, p_current bigint) RETURNS json
LANGUAGE sql STABLE SET search_path = tollgate, pg_temp AS $$
    SELECT json_build_object('rule_id', (p_version).rule_id, 'version', (p_version).version,
                             'is_current', (p_version).version IS NOT DISTINCT FROM p_current,
                             'rule', json_build_object(
                                 'channel_id', r.channel_id, 'match_kind', r.match_kind, 'match_on', r.match_on,
                                 'pattern', r.pattern, 'reply', r.reply::json, 'cooldown_s', r.cooldown_s,
                                 'daily_cap', r.daily_cap, 'daily_spend_cap', money_text(r.daily_spend_cap),
                                 'meta_cost', money_text(r.meta_cost), 'hours', r.hours, 'active', r.active),
                             'changed_at', time_text((p_version).changed_at), 'changed_by', (p_version).changed_by)
      FROM jsonb_populate_record(NULL::automation_rules, (p_version).rule) r;
$$;
