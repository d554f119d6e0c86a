-- What follows from an outcome that is not success.

CREATE TABLE error_rules (
    outcome     text PRIMARY KEY,
    first_code  integer,
    last_code   integer,
    http        text,
    title       text NOT NULL,
    meaning     text NOT NULL,
    class       text NOT NULL,
    refundable  boolean NOT NULL,
    retry       text NOT NULL CHECK (retry IN ('never', 'backoff')),
    action      text NOT NULL CHECK (action IN
                ('none', 'slow_channel', 'pause_channel', 'pause_conversation', 'opt_out_bulk')),
    unconfirmed boolean NOT NULL,
    source      text NOT NULL,
    updated_at  timestamptz NOT NULL DEFAULT now(),
    CHECK ((first_code IS NULL) = (last_code IS NULL)),
    CHECK (NOT (unconfirmed AND retry = 'backoff'))
);
COMMENT ON TABLE error_rules IS
    'Loaded from sql/error_rules.csv. The same for every org: the one table that belongs to nobody.';
COMMENT ON COLUMN error_rules.outcome IS
    'Meta''s code, a range of its codes, one of our own such as network:refused, or default.';
COMMENT ON COLUMN error_rules.first_code IS 'Of a code or of a range; null: it is no number.';
COMMENT ON COLUMN error_rules.last_code IS 'As first_code.';
COMMENT ON COLUMN error_rules.http IS 'With which HTTP status Meta answers it; for people.';
COMMENT ON COLUMN error_rules.title IS 'For people.';
COMMENT ON COLUMN error_rules.meaning IS 'For people.';
COMMENT ON COLUMN error_rules.class IS 'The kind of failure, for metrics.';
COMMENT ON COLUMN error_rules.refundable IS 'The fee is given back.';
COMMENT ON COLUMN error_rules.retry IS 'backoff: another attempt is worth it.';
COMMENT ON COLUMN error_rules.action IS 'What it says of more than its message.';
COMMENT ON COLUMN error_rules.unconfirmed IS 'Meta may have taken the message.';
COMMENT ON COLUMN error_rules.source IS 'From where that is known.';
COMMENT ON COLUMN error_rules.updated_at IS 'The audit judges a failure by the rule that was in force.';
