-- admin_change_error_rule: changes what follows from an outcome, from now on. The rule as it was stays in
-- former_error_rules.
CREATE OR REPLACE FUNCTION admin_change_error_rule(p_actor text, p_outcome text, p_body json) RETURNS json
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
DECLARE
    v_rule error_rules;
BEGIN
    PERFORM act_as(p_actor);
    SELECT * INTO v_rule FROM error_rules r WHERE r.outcome = p_outcome FOR UPDATE;
    IF NOT FOUND THEN
        PERFORM refuse('not_found', NULL, 'There is no such error rule');
    END IF;
    v_rule := jsonb_populate_record(v_rule, p_body::jsonb);
    IF v_rule.retry NOT IN ('never', 'backoff') THEN
        PERFORM refuse('invalid_field', 'retry', 'retry must be never or backoff');
    ELSIF v_rule.action NOT IN ('none', 'slow_channel', 'pause_channel', 'pause_conversation', 'opt_out_bulk') THEN
        PERFORM refuse('invalid_field', 'action', 'action must be none, slow_channel, pause_channel, '
                                                  'pause_conversation or opt_out_bulk');
    ELSIF v_rule.unconfirmed AND v_rule.retry = 'backoff' THEN
        PERFORM refuse('invalid_field', 'retry', 'What Meta may have taken is never tried again');
    END IF;
    UPDATE error_rules r
       SET refundable = v_rule.refundable, retry = v_rule.retry, action = v_rule.action,
           unconfirmed = v_rule.unconfirmed, advice = v_rule.advice
     WHERE r.outcome = p_outcome AND (r.refundable, r.retry, r.action, r.unconfirmed, r.advice)
           IS DISTINCT FROM (v_rule.refundable, v_rule.retry, v_rule.action, v_rule.unconfirmed, v_rule.advice);
    SELECT * INTO v_rule FROM error_rules r WHERE r.outcome = p_outcome;
    RETURN error_rule_document(v_rule);
END $$;
