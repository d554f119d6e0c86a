-- Things as operators see them.

-- rule_of: the org's rule of this id, to be changed, or a refusal.
CREATE OR REPLACE FUNCTION rule_of(p_org_id uuid, p_id uuid) RETURNS automation_rules
LANGUAGE plpgsql AS $$
DECLARE
    v_rule automation_rules;
BEGIN
    SELECT * INTO v_rule FROM automation_rules r WHERE r.org_id = p_org_id AND r.id = p_id FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        PERFORM refuse('not_found', NULL, 'The org has no such rule');
    END IF;
    RETURN v_rule;
END $$;

-- new_rule: what a rule of the org's is unless it is said.
CREATE OR REPLACE FUNCTION new_rule(p_org_id uuid) RETURNS automation_rules
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    v_rule automation_rules;
BEGIN
    v_rule.org_id := p_org_id;
    v_rule.priority := 100;
    v_rule.match_on := 'text';
    v_rule.pattern := '';
    v_rule.cooldown_s := 0;
    v_rule.active := true;
    RETURN v_rule;
END $$;

-- written_rule: a rule with what a request says of it. What cannot be is refused by its name; what a worker alone can
-- tell (a pattern, say) is told later by the rule's state.
CREATE OR REPLACE FUNCTION written_rule(p_rule automation_rules, p_body json) RETURNS automation_rules
LANGUAGE plpgsql AS $$
DECLARE
    v_rule automation_rules := jsonb_populate_record(p_rule, p_body::jsonb - 'reply');
    v_fault CONSTANT text := fault_of_hours(v_rule.hours);
BEGIN
    IF p_body -> 'reply' IS NOT NULL THEN
        v_rule.reply := (p_body -> 'reply')::text;
    END IF;
    IF v_rule.match_kind NOT IN ('exact', 'contains', 'starts_with', 'regex', 'any', 'first_message') THEN
        PERFORM refuse('invalid_field', 'match_kind', 'match_kind must be exact, contains, starts_with, regex, any or '
                                                      'first_message');
    ELSIF v_rule.match_on NOT IN ('text', 'choice') THEN
        PERFORM refuse('invalid_field', 'match_on', 'match_on must be text or choice');
    ELSIF v_rule.pattern = '' AND v_rule.match_kind NOT IN ('any', 'first_message')
          AND (p_rule.id IS NULL OR p_body::jsonb ?| '{pattern,match_kind}') THEN
        PERFORM refuse('missing_field', 'pattern', format('pattern is required: %s compares with it', v_rule.match_kind));
    ELSIF v_fault IS NOT NULL THEN
        PERFORM refuse('invalid_field', 'hours', v_fault);
    ELSIF v_rule.daily_spend_cap < 0 OR v_rule.meta_cost < 0 THEN
        PERFORM refuse('invalid_field', CASE WHEN v_rule.daily_spend_cap < 0 THEN 'daily_spend_cap' ELSE 'meta_cost' END,
                       'A cost is not below zero');
    ELSIF v_rule.channel_id IS NOT NULL AND NOT EXISTS (
              SELECT FROM channels c WHERE c.org_id = v_rule.org_id AND c.id = v_rule.channel_id) THEN
        PERFORM refuse('channel_not_found', 'channel_id', 'The org has no such channel');
    END IF;
    RETURN v_rule;
END $$;

-- added_rule: keeps a new rule; under its id, if it has one.
CREATE OR REPLACE FUNCTION added_rule(p_rule automation_rules) RETURNS automation_rules
LANGUAGE plpgsql AS $$
DECLARE
    v_rule automation_rules;
BEGIN
    INSERT INTO automation_rules (org_id, id, channel_id, priority, match_kind, match_on, pattern, reply, cooldown_s,
                                  daily_cap, daily_spend_cap, meta_cost, hours, active)
    VALUES (p_rule.org_id, coalesce(p_rule.id, gen_random_uuid()), p_rule.channel_id, p_rule.priority,
            p_rule.match_kind, p_rule.match_on, p_rule.pattern, p_rule.reply, p_rule.cooldown_s, p_rule.daily_cap,
            p_rule.daily_spend_cap, p_rule.meta_cost, p_rule.hours, p_rule.active)
    RETURNING * INTO v_rule;
    RETURN v_rule;
END $$;

-- stored_rule: keeps what has become of a rule.
CREATE OR REPLACE FUNCTION stored_rule(p_rule automation_rules) RETURNS automation_rules
LANGUAGE plpgsql AS $$
DECLARE
    v_rule automation_rules;
BEGIN
    UPDATE automation_rules r
       SET channel_id = p_rule.channel_id, priority = p_rule.priority, match_kind = p_rule.match_kind,
           match_on = p_rule.match_on, pattern = p_rule.pattern, reply = p_rule.reply, cooldown_s = p_rule.cooldown_s,
           daily_cap = p_rule.daily_cap, daily_spend_cap = p_rule.daily_spend_cap, meta_cost = p_rule.meta_cost,
           hours = p_rule.hours, active = p_rule.active
     WHERE r.org_id = p_rule.org_id AND r.id = p_rule.id
    RETURNING * INTO v_rule;
    RETURN v_rule;
END $$;

-- refuse_rule: what PostgreSQL's own checks say of a rule, for who has written it.
CREATE OR REPLACE FUNCTION refuse_rule(p_message text) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM refuse('invalid_field', CASE WHEN p_message LIKE 'reply%' THEN 'reply'
                                         WHEN p_message LIKE 'hours%' THEN 'hours'
                                         WHEN p_message LIKE 'an org has%' THEN 'active' END, left(p_message, 150));
END $$;

-- letter_document: a dead letter, without what it says.
CREATE OR REPLACE FUNCTION letter_document(p_letter dead_letters) RETURNS json
LANGUAGE sql STABLE AS $$
    SELECT json_build_object('id', (p_letter).id, 'org_id', (p_letter).org_id,
                             'phone_number_id', (p_letter).phone_number_id, 'reason', (p_letter).reason,
                             'tries', (p_letter).tries, 'bytes', length((p_letter).body),
                             'waits_until', CASE WHEN (p_letter).retry_at < 'infinity'
                                                 THEN time_text((p_letter).retry_at) END,
                             'received_at', time_text((p_letter).received_at));
$$;

-- letter_numbered: the dead letter of this number, or a refusal.
CREATE OR REPLACE FUNCTION letter_numbered(p_n bigint) RETURNS dead_letters
LANGUAGE plpgsql AS $$
DECLARE
    v_letter dead_letters;
BEGIN
    SELECT * INTO v_letter FROM dead_letters d WHERE d.id = p_n FOR UPDATE;
    IF NOT FOUND THEN
        PERFORM refuse('not_found', NULL, 'There is no such dead letter: it may have been applied');
    END IF;
    RETURN v_letter;
END $$;

-- text_or_null: bytes as text, if they are UTF-8 without NUL.
CREATE OR REPLACE FUNCTION text_or_null(p_bytes bytea) RETURNS text
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    RETURN convert_from(p_bytes, 'UTF8');
EXCEPTION WHEN character_not_in_repertoire OR untranslatable_character THEN
    RETURN NULL;
END $$;

-- alert_document: an alert.
CREATE OR REPLACE FUNCTION alert_document(p_alert alerts) RETURNS json
LANGUAGE sql STABLE AS $$
    SELECT json_build_object('id', (p_alert).id, 'org_id', (p_alert).org_id, 'kind', (p_alert).kind,
                             'outcome', (p_alert).outcome, 'message', (p_alert).message, 'advice', (p_alert).advice,
                             'channel_id', (p_alert).channel_id, 'rule_id', (p_alert).rule_id, 'campaign_id', (p_alert).campaign_id,
                             'endpoint_id', (p_alert).endpoint_id,
                             'raised_at', time_text((p_alert).raised_at),
                             'acknowledged_at', time_text((p_alert).acknowledged_at),
                             'acknowledged_by', (p_alert).acknowledged_by,
                             'resolved_at', time_text((p_alert).resolved_at));
$$;

-- error_rule_document: an error rule.
CREATE OR REPLACE FUNCTION error_rule_document(p_rule error_rules) RETURNS json
LANGUAGE sql STABLE AS $$
    SELECT json_build_object('outcome', (p_rule).outcome, 'title', (p_rule).title, 'meaning', (p_rule).meaning,
                             'class', (p_rule).class, 'words', (p_rule).words, 'refundable', (p_rule).refundable,
                             'retry', (p_rule).retry, 'action', (p_rule).action,
                             'unconfirmed', (p_rule).unconfirmed, 'advice', (p_rule).advice,
                             'source', (p_rule).source, 'changed_at', time_text((p_rule).changed_at));
$$;

-- message_line: a message in a list of operators: nothing of what it says, nor to whom (message_lines).
CREATE OR REPLACE FUNCTION message_line(p_message messages) RETURNS json
LANGUAGE sql STABLE AS $$
    SELECT json_build_object('message_id', (p_message).id, 'org_id', (p_message).org_id,
                             'channel_id', (p_message).channel_id, 'direction', (p_message).direction,
                             'type', (p_message).type, 'wamid', (p_message).wamid,
                             'status', coalesce((SELECT o.state FROM outbox o
                                                  WHERE o.message_id = (p_message).id
                                                    AND o.org_id = (p_message).org_id), (p_message).status),
                             'error_code', (p_message).error_code, 'refunded', (p_message).refunded,
                             'created_at', time_text((p_message).created_at));
$$;
