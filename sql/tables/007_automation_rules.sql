-- What answers customers by itself.

CREATE TABLE automation_rules (
    org_id     uuid NOT NULL REFERENCES organizations (id),
    id         uuid NOT NULL DEFAULT gen_random_uuid(),
    channel_id uuid,
    priority   integer NOT NULL DEFAULT 100,
    match_kind text NOT NULL CHECK (match_kind IN
               ('exact', 'contains', 'starts_with', 'regex', 'any', 'first_message')),
    pattern    text NOT NULL DEFAULT '',
    reply      json NOT NULL,
    cooldown_s integer NOT NULL DEFAULT 0 CHECK (cooldown_s BETWEEN 0 AND 31622400),
    daily_cap  integer CHECK (daily_cap >= 0),
    active     boolean NOT NULL DEFAULT true,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, channel_id) REFERENCES channels (org_id, id)
);
COMMENT ON TABLE automation_rules IS 'An org''s rules: the first that matches answers.';
COMMENT ON COLUMN automation_rules.channel_id IS 'Where it counts; null: on all of the org''s.';
COMMENT ON COLUMN automation_rules.priority IS 'The smallest is tried first.';
COMMENT ON COLUMN automation_rules.match_kind IS 'How pattern is compared to what was written: without case.';
COMMENT ON COLUMN automation_rules.pattern IS 'A text, or a regular expression of PCRE2''s.';
COMMENT ON COLUMN automation_rules.reply IS 'A text or a Cloud API message object; {name} in it: the contact''s.';
COMMENT ON COLUMN automation_rules.cooldown_s IS 'So long it does not reply to the same contact again.';
COMMENT ON COLUMN automation_rules.daily_cap IS 'Its replies in one day (UTC), to whomever; null: any number.';
COMMENT ON COLUMN automation_rules.active IS 'What is not is never tried.';

CREATE TABLE auto_replies (
    org_id        uuid NOT NULL,
    message_id    uuid NOT NULL,
    channel_id    uuid NOT NULL,
    contact_id    bigint NOT NULL,
    rule_id       uuid,
    reply_id      uuid,
    reply_skipped text,
    created_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (org_id, message_id),
    FOREIGN KEY (message_id, org_id) REFERENCES messages (id, org_id),
    FOREIGN KEY (reply_id, org_id) REFERENCES messages (id, org_id) DEFERRABLE INITIALLY DEFERRED,
    FOREIGN KEY (org_id, rule_id) REFERENCES automation_rules (org_id, id) ON DELETE SET NULL (rule_id),
    CHECK ((reply_id IS NULL) <> (reply_skipped IS NULL))
);
COMMENT ON TABLE auto_replies IS
    'What a rule made of an inbound message, which has one row at the most, however often it is delivered.';
COMMENT ON COLUMN auto_replies.message_id IS 'What was received.';
COMMENT ON COLUMN auto_replies.rule_id IS 'Null: the rule was deleted.';
COMMENT ON COLUMN auto_replies.reply_id IS 'The message that answers.';
COMMENT ON COLUMN auto_replies.reply_skipped IS 'Why nothing does.';
CREATE INDEX auto_replies_contact ON auto_replies (org_id, contact_id, created_at)
    WHERE reply_id IS NOT NULL;
CREATE INDEX auto_replies_rule ON auto_replies (org_id, rule_id);

CREATE TABLE reply_days (
    org_id  uuid NOT NULL,
    rule_id uuid NOT NULL,
    day     date NOT NULL,
    replies integer NOT NULL,
    PRIMARY KEY (org_id, rule_id, day),
    FOREIGN KEY (org_id, rule_id) REFERENCES automation_rules (org_id, id) ON DELETE CASCADE
);
COMMENT ON TABLE reply_days IS 'How often a rule with a cap has replied on a day.';
COMMENT ON COLUMN reply_days.rule_id IS 'Which.';
COMMENT ON COLUMN reply_days.day IS 'Of UTC.';
COMMENT ON COLUMN reply_days.replies IS 'How often.';
