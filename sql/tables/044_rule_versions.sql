-- Rules have versions, answer at certain hours, and spend no more a day than they may.

ALTER TABLE organizations
    ADD COLUMN time_zone text NOT NULL DEFAULT 'UTC',
    ADD COLUMN reply_meta_cost numeric NOT NULL DEFAULT 0
        CONSTRAINT organizations_reply_meta_cost
        CHECK (reply_meta_cost >= 0 AND reply_meta_cost < 1e10 AND scale(reply_meta_cost) <= 4);
COMMENT ON COLUMN organizations.time_zone IS
    'By IANA''s name, such as Asia/Kolkata: whose days caps of rules are about. (Figures and statements have days of UTC.)';
COMMENT ON COLUMN organizations.reply_meta_cost IS
    'What an automatic reply costs the org at Meta, as it says itself, in its currency: counts for caps of rules.';

ALTER TABLE automation_rules
    ADD COLUMN hours jsonb,
    ADD COLUMN daily_spend_cap numeric
        CONSTRAINT automation_rules_daily_spend_cap
        CHECK (daily_spend_cap >= 0 AND daily_spend_cap < 1e10 AND scale(daily_spend_cap) <= 4),
    ADD COLUMN meta_cost numeric
        CONSTRAINT automation_rules_meta_cost
        CHECK (meta_cost >= 0 AND meta_cost < 1e10 AND scale(meta_cost) <= 4),
    ADD COLUMN version integer NOT NULL DEFAULT 1,
    ADD COLUMN changed_at timestamptz,
    ADD COLUMN changed_by text;
COMMENT ON COLUMN automation_rules.hours IS
    'When it answers: {"answers": "within" or "outside", "time_zone": IANA''s name, "open": [{"days": ["mon", ...], '
    '"from": "09:00", "to": "18:00"}]}; null: at any time. A to that is not after its from is on the day after.';
COMMENT ON COLUMN automation_rules.daily_cap IS
    'Its replies in one day (organizations.time_zone), to whomever; null: any number.';
COMMENT ON COLUMN automation_rules.daily_spend_cap IS
    'What its replies may cost in one such day, the fee and what Meta takes; null: any sum.';
COMMENT ON COLUMN automation_rules.meta_cost IS
    'What one of its replies costs at Meta; null: organizations.reply_meta_cost.';
COMMENT ON COLUMN automation_rules.version IS 'Of what rule_versions keeps of it.';
COMMENT ON COLUMN automation_rules.changed_at IS 'Since when; null: since before versions were kept.';
COMMENT ON COLUMN automation_rules.changed_by IS 'Who has made that version; null: likewise.';

CREATE TABLE rule_versions (
    org_id     uuid NOT NULL REFERENCES organizations (id),
    rule_id    uuid NOT NULL,
    version    integer NOT NULL,
    rule       jsonb NOT NULL,
    changed_at timestamptz,
    changed_by text,
    PRIMARY KEY (org_id, rule_id, version)
);
COMMENT ON TABLE rule_versions IS
    'What each rule was and is, also of those that were deleted since: no version ever goes or changes.';
COMMENT ON COLUMN rule_versions.rule_id IS 'Which rule, also one that was deleted.';
COMMENT ON COLUMN rule_versions.version IS 'The first that was kept is 1.';
COMMENT ON COLUMN rule_versions.rule IS 'Its columns of automation_rules, but for its place (priority) and its state.';
COMMENT ON COLUMN rule_versions.changed_at IS 'Since when it was so; null: since before versions were kept.';
COMMENT ON COLUMN rule_versions.changed_by IS 'Who has made it so; null: likewise.';
INSERT INTO rule_versions (org_id, rule_id, version, rule)
SELECT r.org_id, r.id, r.version,
       to_jsonb(r) - '{org_id,id,priority,state,refused_for,written_at,created_at,version,changed_at,changed_by}'::text[]
  FROM automation_rules r;

-- A reply names the version of its rule for ever, so that a rule that is deleted is still told. (NOT VALID: all that is
-- there fits, by the key that goes, and need not be read.)
ALTER TABLE auto_replies
    ADD COLUMN rule_version integer NOT NULL DEFAULT 1,
    DROP CONSTRAINT auto_replies_org_id_rule_id_fkey,
    ADD FOREIGN KEY (org_id, rule_id, rule_version) REFERENCES rule_versions (org_id, rule_id, version) NOT VALID;
COMMENT ON COLUMN auto_replies.rule_id IS
    'Which, though it may have been deleted since; null: it was deleted before versions were kept.';
COMMENT ON COLUMN auto_replies.rule_version IS
    'As it was when it was tried; 1 also of all the time before versions were kept, and where there is no rule.';

ALTER TABLE reply_days ADD COLUMN spent numeric NOT NULL DEFAULT 0;
COMMENT ON TABLE reply_days IS 'How often a rule with a cap has replied on a day, and what that cost.';
COMMENT ON COLUMN reply_days.day IS 'Of organizations.time_zone.';
COMMENT ON COLUMN reply_days.spent IS 'The fees, and what the org says that Meta takes; refunds do not lessen it.';

ALTER TYPE reply_item
    ADD ATTRIBUTE rule_version integer,
    ADD ATTRIBUTE cost numeric,          -- the fee, and what Meta takes
    ADD ATTRIBUTE left_to_spend numeric; -- so much the rule may still cost today; null: any sum

-- It returns columns more, and is of both daemons.
DROP FUNCTION IF EXISTS list_rules(uuid, boolean);
