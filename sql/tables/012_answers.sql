-- What Meta's answers mean: rules that look closer than at the code, and messages whose delivery is awaited.

ALTER TABLE error_rules
    ADD COLUMN subcode bigint,
    ADD COLUMN words   text CHECK (words IS NULL OR ('' ~* words) IS NOT NULL),
    ADD COLUMN advice  text,
    ADD CHECK (subcode IS NULL AND words IS NULL OR first_code IS NOT NULL);
CREATE INDEX error_rules_code ON error_rules (first_code);
COMMENT ON COLUMN error_rules.outcome IS
    'Meta''s code (100), a range of its codes (200-299), one of our own such as network:refused, or default. Of a '
    'code: /33 behind it is the subcode that it must have, and what follows a blank tells rules of one code apart.';
COMMENT ON COLUMN error_rules.subcode IS 'It is for this error_subcode of Meta''s alone; null: for any or none.';
COMMENT ON COLUMN error_rules.words IS
    'It is for answers in whose words this is found alone: a regular expression, without case; null: for any.';
COMMENT ON COLUMN error_rules.advice IS 'What its tenant is told by the alert that it raises; null: nothing more.';

ALTER TABLE alerts ADD COLUMN advice text;
COMMENT ON COLUMN alerts.advice IS 'What is wrong, and who can do what about it: of the error rule.';

ALTER TABLE messages ADD COLUMN error_subcode bigint;
COMMENT ON COLUMN messages.error_subcode IS 'Meta''s error_subcode beside error_code; null: none.';

ALTER TYPE outcome_item ADD ATTRIBUTE subcode bigint; -- Meta's; null: none. The next likewise.
ALTER TYPE status_item ADD ATTRIBUTE subcode bigint;
ALTER TYPE failure ADD ATTRIBUTE subcode bigint;
ALTER TYPE status_sum
    ADD ATTRIBUTE error_subcode bigint,
    ADD ATTRIBUTE error_class text; -- of the failure's rule

ALTER TABLE organizations ADD COLUMN undelivered_after interval
    CHECK (undelivered_after > interval '0' AND undelivered_after <= interval '90 days');
COMMENT ON COLUMN organizations.undelivered_after IS
    'What has been sent for so long and is not delivered fails as undelivered; null: nothing does. It counts for '
    'messages that are sent while it is set. 90 days at the most: Meta tries for 30.';
-- Whoever settles asks it whether any org awaits deliveries at all.
CREATE INDEX organizations_awaiting ON organizations (id) WHERE undelivered_after IS NOT NULL;

CREATE TABLE awaited (
    org_id     uuid NOT NULL,
    message_id uuid NOT NULL,
    sent_at    timestamptz NOT NULL,
    due_at     timestamptz NOT NULL,
    PRIMARY KEY (message_id, org_id),
    FOREIGN KEY (message_id, org_id) REFERENCES messages (id, org_id)
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);
COMMENT ON TABLE awaited IS
    'Messages that are sent and not delivered, of orgs with undelivered_after. Apart from messages, so that it costs '
    'the others nothing.';
COMMENT ON COLUMN awaited.message_id IS 'Whose delivery is awaited.';
COMMENT ON COLUMN awaited.sent_at IS 'The message''s.';
COMMENT ON COLUMN awaited.due_at IS 'When its org has waited long enough.';
CREATE INDEX awaited_due ON awaited (due_at);
