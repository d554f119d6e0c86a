-- Who the tenants are, their numbers, their keys and their money.

CREATE TABLE organizations (
    id         uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    name       text NOT NULL,
    status     text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'suspended')),
    currency   text NOT NULL DEFAULT 'INR' CHECK (currency ~ '^[A-Z]{3}$'),
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE channels (
    org_id              uuid NOT NULL REFERENCES organizations (id),
    id                  uuid NOT NULL DEFAULT gen_random_uuid(),
    phone_number_id     text NOT NULL UNIQUE CHECK (phone_number_id ~ '^[0-9]{1,32}$'),
    waba_id             text,
    access_token        text NOT NULL,
    service_fee_per_msg numeric(14, 4) NOT NULL DEFAULT 0.20
                        CHECK (service_fee_per_msg >= 0 AND service_fee_per_msg <> 'NaN'),
    max_mps             integer NOT NULL DEFAULT 80 CHECK (max_mps BETWEEN 1 AND 10000),
    status              text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'paused', 'disabled')),
    created_at          timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (org_id, id)
);

-- One balance per org; a trigger makes the row with the org. booked is the sum of the org's ledger: who
-- writes a ledger row moves both. A balance that is changed without it is seen by that, and a trigger
-- books the difference as an adjustment. fillfactor keeps updates HOT.
CREATE TABLE wallets (
    org_id  uuid PRIMARY KEY REFERENCES organizations (id),
    balance numeric(14, 4) NOT NULL DEFAULT 0 CHECK (balance >= 0 AND balance <> 'NaN'),
    booked  numeric(14, 4) NOT NULL DEFAULT 0
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

-- The ledger. Append-only (triggers refuse the rest). id rises with time within an org, because a
-- row is written under the lock of that org's wallet.
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
-- I2: a message has at most one ledger row of each kind.
CREATE UNIQUE INDEX wallet_transactions_message_kind ON wallet_transactions (message_id, kind)
    WHERE message_id IS NOT NULL;

-- A key is 256 random bits, so its plain SHA-256 is enough: there is nothing to guess.
CREATE TABLE api_keys (
    org_id     uuid NOT NULL REFERENCES organizations (id),
    id         uuid NOT NULL DEFAULT gen_random_uuid(),
    name       text NOT NULL,
    key_hash   bytea NOT NULL UNIQUE CHECK (length(key_hash) = 32),
    created_at timestamptz NOT NULL DEFAULT now(),
    revoked_at timestamptz,
    PRIMARY KEY (org_id, id)
);
