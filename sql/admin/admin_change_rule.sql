-- admin_change_rule: changes what is said of an org's automation rule.
CREATE OR REPLACE FUNCTION admin_change_rule(p_actor text, p_org_id uuid, p_id uuid, p_body json) RETURNS json
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
DECLARE
    v_rule automation_rules;
BEGIN
    PERFORM act_as(p_actor);
    v_rule := written_rule(rule_of(p_org_id, p_id), p_body);
    UPDATE automation_rules r
       SET channel_id = v_rule.channel_id, priority = v_rule.priority, match_kind = v_rule.match_kind,
           match_on = v_rule.match_on, pattern = v_rule.pattern, reply = v_rule.reply, cooldown_s = v_rule.cooldown_s,
           daily_cap = v_rule.daily_cap, active = v_rule.active
     WHERE r.org_id = p_org_id AND r.id = p_id
    RETURNING * INTO v_rule;
    RETURN rule_document(v_rule);
EXCEPTION WHEN check_violation OR invalid_text_representation THEN
    PERFORM refuse_rule(SQLERRM);
END $$;
