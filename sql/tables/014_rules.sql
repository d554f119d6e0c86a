-- Rules that are checked before they are tried, alerts about them, and what replies think of a message.

-- From here on a rule's reply may be written as a plain text. What stands here is JSON all the same: a trigger
-- (core/automation_rules.sql) makes it so.
ALTER TABLE automation_rules
    ALTER COLUMN reply TYPE text,
    ADD COLUMN match_on text NOT NULL DEFAULT 'text' CHECK (match_on IN ('text', 'choice')),
    ADD COLUMN state text NOT NULL DEFAULT 'former' CHECK (state IN ('unchecked', 'good', 'refused', 'former')),
    ADD COLUMN refused_for text,
    ADD COLUMN written_at timestamptz;
ALTER TABLE automation_rules ALTER COLUMN state SET DEFAULT 'unchecked';
COMMENT ON COLUMN automation_rules.reply IS
    'A text or a Cloud API message object, as JSON; in it {name} is the contact''s, and {name|friend} has friend for '
    'who has none.';
COMMENT ON COLUMN automation_rules.match_on IS
    'What pattern is compared to. text: what was written, or a button says. choice: what was chosen, a button''s '
    'payload or id, the id of a list''s row, the name of a flow.';
COMMENT ON COLUMN automation_rules.state IS
    'Whether it can work, as a worker sees it within a second of a change. unchecked, refused: it is not tried. '
    'former: it was there before rules were checked, and is tried.';
COMMENT ON COLUMN automation_rules.refused_for IS 'Why it is refused.';
COMMENT ON COLUMN automation_rules.written_at IS
    'When what is checked of it last changed; null: before rules were checked.';
CREATE INDEX automation_rules_to_check ON automation_rules (org_id, id)
    WHERE active AND state IN ('unchecked', 'former');

ALTER TABLE alerts
    ALTER COLUMN channel_id DROP NOT NULL,
    ADD COLUMN rule_id uuid,
    ADD FOREIGN KEY (org_id, rule_id) REFERENCES automation_rules (org_id, id) ON DELETE CASCADE,
    DROP CONSTRAINT alerts_kind_check,
    ADD CONSTRAINT alerts_kind_check CHECK (kind IN ('channel_paused', 'rule_unchecked', 'rule_refused',
                                                     'rule_failed', 'reply_refused'));
COMMENT ON COLUMN alerts.channel_id IS 'Null: it is about no single channel.';
COMMENT ON COLUMN alerts.rule_id IS 'The rule that it is about.';
COMMENT ON COLUMN alerts.outcome IS 'What showed it: as in error_rules; of a rule, which part of it.';
COMMENT ON COLUMN alerts.message IS 'Meta''s own words; of a rule, what is wrong with it.';
CREATE UNIQUE INDEX alerts_open_of_rule ON alerts (org_id, rule_id, kind)
    WHERE resolved_at IS NULL AND rule_id IS NOT NULL;
CREATE INDEX alerts_rule ON alerts (org_id, rule_id) WHERE rule_id IS NOT NULL;

ALTER TYPE inbound_item ADD ATTRIBUTE is_said boolean;
COMMENT ON COLUMN inbound_item.is_said IS
    'It is something that a customer says: neither a reaction nor what only changes an earlier message.';
