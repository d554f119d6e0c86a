-- rule_document: an automation rule as it is shown.
CREATE OR REPLACE FUNCTION rule_document(p_rule automation_rules) RETURNS json
LANGUAGE sql STABLE SET search_path = tollgate, pg_temp AS $$
    SELECT json_build_object('id', (p_rule).id, 'org_id', (p_rule).org_id, 'channel_id', (p_rule).channel_id,
                             'priority', (p_rule).priority, 'match_kind', (p_rule).match_kind,
                             'match_on', (p_rule).match_on, 'pattern', (p_rule).pattern,
                             'reply', (p_rule).reply::json, 'cooldown_s', (p_rule).cooldown_s,
                             'daily_cap', (p_rule).daily_cap,
                             'daily_spend_cap', money_text((p_rule).daily_spend_cap),
                             'meta_cost', money_text((p_rule).meta_cost), 'hours', (p_rule).hours,
                             'active', (p_rule).active, 'state', (p_rule).state,
                             'refused_for', (p_rule).refused_for, 'version', (p_rule).version,
                             'changed_at', time_text((p_rule).changed_at), 'changed_by', (p_rule).changed_by,
                             'created_at', time_text((p_rule).created_at));
$$;
