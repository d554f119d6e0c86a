-- admin_create_rule: makes an automation rule.
CREATE OR REPLACE FUNCTION admin_create_rule(p_actor text, p_org_id uuid, p_body json) RETURNS json
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
DECLARE
    v_rule automation_rules;
BEGIN
    PERFORM act_as(p_actor), org_named(p_org_id);
    v_rule.org_id := p_org_id;
    v_rule.priority := 100;
    v_rule.match_on := 'text';
    v_rule.pattern := '';
    v_rule.cooldown_s := 0;
    v_rule.active := true;
    v_rule := written_rule(v_rule, p_body);
    INSERT INTO automation_rules (org_id, channel_id, priority, match_kind, match_on, pattern, reply, cooldown_s,
                                  daily_cap, active)
    VALUES (v_rule.org_id, v_rule.channel_id, v_rule.priority, v_rule.match_kind, v_rule.match_on, v_rule.pattern,
            v_rule.reply, v_rule.cooldown_s, v_rule.daily_cap, v_rule.active)
    RETURNING * INTO v_rule;
    RETURN rule_document(v_rule);
EXCEPTION WHEN check_violation OR invalid_text_representation THEN
    PERFORM refuse_rule(SQLERRM);
END $$;
