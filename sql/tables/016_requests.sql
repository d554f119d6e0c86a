-- What requests need: who has moved money by hand, who acts as the janitor, which number is meant, and receipts that
-- are not kept for ever.

CREATE TABLE bookings (
    org_id    uuid NOT NULL,
    n         bigint NOT NULL,
    actor     text NOT NULL,
    reference text UNIQUE CHECK (length(reference) BETWEEN 1 AND 255),
    PRIMARY KEY (org_id, n),
    FOREIGN KEY (org_id, n) REFERENCES wallet_transactions (org_id, n)
);
COMMENT ON TABLE bookings IS
    'The ledger rows that are about no message: who has booked each. Beside the ledger, whose every row would be '
    'wider for it.';
COMMENT ON COLUMN bookings.n IS 'Of the ledger row.';
COMMENT ON COLUMN bookings.actor IS 'The role that was connected.';
COMMENT ON COLUMN bookings.reference IS
    'Of all orgs'' bookings one has it: what it stands for counts once. Null: it had none.';

CREATE TABLE janitor_seat (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    pid integer,
    key bigint
);
COMMENT ON TABLE janitor_seat IS 'Whose session acts as the janitor (take_janitor_lock): one row.';
COMMENT ON COLUMN janitor_seat.one IS 'There is one seat.';
COMMENT ON COLUMN janitor_seat.pid IS 'Of the session that took it last; null: nobody has.';
COMMENT ON COLUMN janitor_seat.key IS 'Of the advisory lock which that session has for as long as it lives.';
INSERT INTO janitor_seat DEFAULT VALUES;

-- A number that one org has given up can be another's.
ALTER TABLE channels DROP CONSTRAINT channels_phone_number_id_key;
ALTER TABLE channels ADD COLUMN number_since timestamptz NOT NULL DEFAULT now();
UPDATE channels SET number_since = created_at;
COMMENT ON COLUMN channels.number_since IS
    'Since when the number is its own: since it was made, or last was disabled no longer. What Meta tells of before '
    'is another''s.';
CREATE UNIQUE INDEX channels_number ON channels (phone_number_id) WHERE status <> 'disabled';
CREATE INDEX channels_numbers ON channels (phone_number_id);

ALTER TABLE organizations ADD COLUMN default_channel_id uuid;
ALTER TABLE organizations ADD FOREIGN KEY (id, default_channel_id) REFERENCES channels (org_id, id);
COMMENT ON COLUMN organizations.default_channel_id IS
    'What sends over no channel in particular; null, or disabled: the first of its channels does.';

CREATE TABLE receipts (
    org_id     uuid NOT NULL,
    message_id uuid NOT NULL,
    key        text,
    ends_at    timestamptz NOT NULL,
    PRIMARY KEY (message_id, org_id),
    FOREIGN KEY (message_id, org_id) REFERENCES messages (id, org_id) ON DELETE CASCADE
);
COMMENT ON TABLE receipts IS 'Receipts that were accepted: they are deleted, and all that was kept of them.';
COMMENT ON COLUMN receipts.message_id IS 'Which.';
COMMENT ON COLUMN receipts.key IS 'The idempotency key that it came with; null: it had none.';
COMMENT ON COLUMN receipts.ends_at IS 'When it has left or failed at the latest.';
CREATE INDEX receipts_ends ON receipts (ends_at);
-- Made anew, so that receipts may go.
DROP TRIGGER IF EXISTS messages_stay ON messages;
