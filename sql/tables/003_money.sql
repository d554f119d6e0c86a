-- What tenants have paid in, and where it went.

CREATE TABLE wallet_locks (
    org_id uuid PRIMARY KEY REFERENCES organizations (id)
);
COMMENT ON TABLE wallet_locks IS
    'What is locked to move an org''s money (core/money.sql). A trigger makes the row with the org. It never '
    'changes and nothing refers to it, so that locking it leaves nothing behind.';

CREATE TABLE wallet_transactions (
    org_id        uuid NOT NULL,
    n             bigint NOT NULL,
    kind          text NOT NULL
                  CHECK (kind IN ('recharge', 'service_fee', 'refund', 'refund_reversal', 'adjustment')),
    amount        numeric(14, 4) NOT NULL CHECK (amount <> 'NaN'),
    balance_after numeric(14, 4) NOT NULL CHECK (balance_after >= 0 AND balance_after <> 'NaN'),
    message_id    uuid,
    description   text,
    created_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (org_id, n)
);
COMMENT ON TABLE wallet_transactions IS
    'The ledger. Append-only: triggers refuse the rest. An org''s newest row tells its balance.';
COMMENT ON COLUMN wallet_transactions.n IS 'One more than in the row before: an org''s first is 1.';
COMMENT ON COLUMN wallet_transactions.kind IS
    'refund_reversal: the fee of what was refunded, and delivered all the same. adjustment: by hand.';
COMMENT ON COLUMN wallet_transactions.amount IS 'What it added to the balance: below zero for what it took.';
COMMENT ON COLUMN wallet_transactions.balance_after IS 'The balance once it was booked.';
COMMENT ON COLUMN wallet_transactions.message_id IS 'The message that it is about; null: none.';
COMMENT ON COLUMN wallet_transactions.description IS 'For people.';
-- I2: a message has at most one ledger row of each kind.
CREATE UNIQUE INDEX wallet_transactions_message_kind ON wallet_transactions (message_id, kind)
    WHERE message_id IS NOT NULL;

CREATE VIEW wallets WITH (security_invoker = true) AS
SELECT l.org_id,
       coalesce((SELECT t.balance_after FROM wallet_transactions t WHERE t.org_id = l.org_id
                  ORDER BY t.n DESC LIMIT 1), 0.0000) AS balance,
       (SELECT o.currency FROM organizations o WHERE o.id = l.org_id) AS currency
  FROM wallet_locks l;
ALTER VIEW wallets ALTER balance SET DEFAULT 0;
COMMENT ON VIEW wallets IS
    'One balance per org. SELECT ... FOR UPDATE keeps others from moving it; what it returns may be from before '
    'it waited, so read again then. Foreign keys and publications are had of wallet_transactions.';
COMMENT ON COLUMN wallets.balance IS 'Whoever changes it has the difference booked as an adjustment.';
COMMENT ON COLUMN wallets.currency IS 'The org''s.';
