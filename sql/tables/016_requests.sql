-- What requests need: who has moved money by hand, and who acts as the janitor.

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
