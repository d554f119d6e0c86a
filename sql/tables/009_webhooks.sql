-- What comes by webhooks and is neither a message nor a status that moves one.

CREATE TABLE account_notices (
    id              bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    org_id          uuid REFERENCES organizations (id),
    waba_id         text,
    phone_number_id text,
    field           text NOT NULL,
    value           json NOT NULL,
    digest          bytea NOT NULL UNIQUE,
    received_at     timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE account_notices IS 'What Meta tells of accounts, numbers and templates, and whatever else.';
COMMENT ON COLUMN account_notices.org_id IS 'Null where it cannot be told.';
COMMENT ON COLUMN account_notices.waba_id IS 'The business account that it names.';
COMMENT ON COLUMN account_notices.phone_number_id IS 'The number that it names.';
COMMENT ON COLUMN account_notices.field IS 'Meta''s word for what has changed.';
COMMENT ON COLUMN account_notices.value IS 'Meta''s own object.';
COMMENT ON COLUMN account_notices.digest IS 'Of what makes it this notice: delivered again it stands here once.';
COMMENT ON COLUMN account_notices.received_at IS 'When it was applied.';
CREATE INDEX account_notices_org ON account_notices (org_id, id);

CREATE TABLE dead_letters (
    id              bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    org_id          uuid REFERENCES organizations (id),
    phone_number_id text,
    reason          text NOT NULL,
    body            bytea NOT NULL,
    digest          bytea NOT NULL UNIQUE,
    tries           integer NOT NULL DEFAULT 1,
    retry_at        timestamptz,
    received_at     timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE dead_letters IS 'What could not be applied, until it can be.';
COMMENT ON COLUMN dead_letters.org_id IS 'Null where it cannot be told.';
COMMENT ON COLUMN dead_letters.phone_number_id IS 'The number that it names.';
COMMENT ON COLUMN dead_letters.reason IS 'Why it could not be.';
COMMENT ON COLUMN dead_letters.body IS
    'A webhook body of its own: the one item and its surroundings, or the whole body where not even its items '
    'can be told.';
COMMENT ON COLUMN dead_letters.digest IS 'SHA-256 of body: the same one stands here once.';
COMMENT ON COLUMN dead_letters.tries IS 'How often it was tried.';
COMMENT ON COLUMN dead_letters.retry_at IS 'When a worker tries again; null: not until replay_dead_letters says.';
COMMENT ON COLUMN dead_letters.received_at IS 'When it could not be applied for the first time.';
CREATE INDEX dead_letters_retry ON dead_letters (retry_at) WHERE retry_at IS NOT NULL;
