-- What tenants have paid in, and where it went.

-- fillfactor keeps updates HOT.
CREATE TABLE wallets (
    org_id  uuid PRIMARY KEY REFERENCES organizations (id),
    balance numeric(14, 4) NOT NULL DEFAULT 0 CHECK (balance >= 0 AND balance <> 'NaN'),
    booked  numeric(14, 4) NOT NULL DEFAULT 0
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
COMMENT ON TABLE wallets IS 'One balance per org. A trigger makes the row with the org.';
COMMENT ON COLUMN wallets.balance IS 'Whoever changes it by hand has the difference booked as an adjustment.';
COMMENT ON COLUMN wallets.booked IS
    'The sum of the org''s ledger: who writes a ledger row moves both. By that a change by hand is seen.';

CREATE TABLE wallet_transactions (
    org_id        uuid NOT NULL,
    id            bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
    kind          text NOT NULL
                  CHECK (kind IN ('recharge', 'service_fee', 'refund', 'refund_reversal', 'adjustment')),
    amount        numeric(14, 4) NOT NULL CHECK (amount <> 'NaN'),
    balance_after numeric(14, 4) NOT NULL CHECK (balance_after >= 0 AND balance_after <> 'NaN'),
    message_id    uuid,
    description   text,
    created_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (org_id, id)
);
COMMENT ON TABLE wallet_transactions IS 'The ledger. Append-only: triggers refuse the rest.';
COMMENT ON COLUMN wallet_transactions.id IS
    'Rises with time within an org, since a row is written under the lock of that org''s wallet.';
COMMENT ON COLUMN wallet_transactions.kind IS
    'refund_reversal: the fee of what was refunded, and delivered all the same. adjustment: by hand.';
COMMENT ON COLUMN wallet_transactions.amount IS 'What it added to the balance: below zero for what it took.';
COMMENT ON COLUMN wallet_transactions.balance_after IS 'The balance once it was booked.';
COMMENT ON COLUMN wallet_transactions.message_id IS 'The message that it is about; null: none.';
COMMENT ON COLUMN wallet_transactions.description IS 'For people.';
-- I2: a message has at most one ledger row of each kind.
CREATE UNIQUE INDEX wallet_transactions_message_kind ON wallet_transactions (message_id, kind)
    WHERE message_id IS NOT NULL;
