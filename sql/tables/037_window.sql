-- What becomes of messages of no template that come outside of Meta's 24-hour window.

ALTER TABLE organizations
    ADD COLUMN outside_window text NOT NULL DEFAULT 'off'
        CONSTRAINT organizations_outside_window CHECK (outside_window IN ('off', 'warn', 'refuse'));
COMMENT ON COLUMN organizations.outside_window IS
    'What is done with a message that only a template may be, as the contact has not written for 24 hours: off: it is '
    'sent, and Meta refuses it; warn: the same, and who sends is told; refuse: it is not accepted.';

ALTER TABLE messages ADD COLUMN outside_window boolean;
COMMENT ON COLUMN messages.outside_window IS
    'It was accepted with the warning that Meta would not take it; null: with none.';
ALTER TABLE idempotency_keys ADD COLUMN outside_window boolean;
COMMENT ON COLUMN idempotency_keys.outside_window IS 'As of its message: the first answer said so.';

ALTER TYPE send_item ADD ATTRIBUTE is_outside boolean; -- of Meta's window, and the org wants to know; null: not looked at

-- It returns a column more.
DROP FUNCTION IF EXISTS
    accept_sends(uuid[], uuid[], uuid[], text[], text[], text[], text[], text[], text[], bigint[], bigint[], text[],
                 bytea[], text[]);
