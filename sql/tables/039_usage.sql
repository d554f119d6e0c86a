-- What orgs use, by day (worker/count_usage.sql, worker/sum_ledgers.sql): made of messages and the ledger, beside them.

CREATE TABLE usage_days (
    day        date PRIMARY KEY,
    counted_at timestamptz,
    began_at   timestamptz,
    next_id    uuid,
    due_at     timestamptz NOT NULL
);
COMMENT ON TABLE usage_days IS 'Days, by UTC, whose messages are counted.';
COMMENT ON COLUMN usage_days.day IS 'Which.';
COMMENT ON COLUMN usage_days.counted_at IS 'When the count began that usage_messages is from; null: none has ended yet.';
COMMENT ON COLUMN usage_days.began_at IS 'When the count began that is under way; null: none is.';
COMMENT ON COLUMN usage_days.next_id IS 'It goes on with the messages above this id.';
COMMENT ON COLUMN usage_days.due_at IS 'When it goes on, or is counted again; infinity: never.';
CREATE INDEX usage_days_due ON usage_days (due_at) WHERE due_at < 'infinity';

CREATE TABLE usage_messages (
    day          date NOT NULL,
    org_id       uuid NOT NULL,
    channel_id   uuid NOT NULL,
    category     text NOT NULL,
    accepted     bigint NOT NULL,
    sent         bigint NOT NULL,
    delivered    bigint NOT NULL,
    read         bigint NOT NULL,
    failed       bigint NOT NULL,
    refunded     bigint NOT NULL,
    received     bigint NOT NULL,
    auto_replies bigint NOT NULL,
    PRIMARY KEY (day, org_id, channel_id, category)
);
COMMENT ON TABLE usage_messages IS
    'Of the messages of a day, by their ids'' time, what had become of them by usage_days.counted_at.';
COMMENT ON COLUMN usage_messages.day IS 'Of which they are.';
COMMENT ON COLUMN usage_messages.category IS 'Meta''s, of its price; empty: it has told none.';
COMMENT ON COLUMN usage_messages.accepted IS 'Taken to be sent; receipts, and what was written past us, are not counted.';
COMMENT ON COLUMN usage_messages.sent IS 'Of these: Meta has taken them.';
COMMENT ON COLUMN usage_messages.delivered IS 'Of these: delivered, or read.';
COMMENT ON COLUMN usage_messages.read IS 'Of these.';
COMMENT ON COLUMN usage_messages.failed IS 'Of these: in the end, also after they were sent.';
COMMENT ON COLUMN usage_messages.refunded IS 'Of these: the fee was given back, and not taken again.';
COMMENT ON COLUMN usage_messages.received IS 'Of customers.';
COMMENT ON COLUMN usage_messages.auto_replies IS 'Of these: a rule has answered.';

CREATE TABLE usage_parts (LIKE usage_messages INCLUDING INDEXES INCLUDING COMMENTS);
COMMENT ON TABLE usage_parts IS 'The same, so far, of counts that are under way.';

CREATE TABLE usage_money (
    day        date NOT NULL,
    org_id     uuid NOT NULL,
    channel_id uuid,
    kind       text NOT NULL,
    amount     numeric(18, 4) NOT NULL,
    UNIQUE NULLS NOT DISTINCT (day, org_id, channel_id, kind)
);
COMMENT ON TABLE usage_money IS 'What the rows of an org''s ledger add up to that are of a day, by UTC, and not above usage_ledgers.n.';
COMMENT ON COLUMN usage_money.day IS 'On which they were booked.';
COMMENT ON COLUMN usage_money.channel_id IS 'Of their messages; null: they are about none.';
COMMENT ON COLUMN usage_money.kind IS 'As in wallet_transactions.';
COMMENT ON COLUMN usage_money.amount IS 'Signed.';

CREATE TABLE usage_ledgers (
    org_id uuid PRIMARY KEY,
    n      bigint NOT NULL
);
COMMENT ON TABLE usage_ledgers IS 'How far each ledger is in usage_money.';
COMMENT ON COLUMN usage_ledgers.n IS 'Its rows up to this one are.';

CREATE TABLE usage_walk (
    one      boolean PRIMARY KEY DEFAULT true CHECK (one),
    as_of    timestamptz,
    began_at timestamptz,
    next_org uuid,
    due_at   timestamptz NOT NULL DEFAULT '-infinity'
);
COMMENT ON TABLE usage_walk IS 'The walk along all ledgers: one row.';
COMMENT ON COLUMN usage_walk.one IS 'There is one.';
COMMENT ON COLUMN usage_walk.as_of IS 'All that was booked before is in usage_money; null: no walk has ended yet.';
COMMENT ON COLUMN usage_walk.began_at IS 'When the walk began that is under way; null: none is.';
COMMENT ON COLUMN usage_walk.next_org IS 'It goes on with the orgs above this one; null: with the first.';
COMMENT ON COLUMN usage_walk.due_at IS 'When it goes on, or the next one begins.';
INSERT INTO usage_walk DEFAULT VALUES;
