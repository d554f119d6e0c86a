-- What requests need: who has moved money by hand.

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
