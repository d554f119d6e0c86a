-- Who the tenants are, and the keys with which their programs prove themselves.

CREATE TABLE organizations (
    id                     uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    name                   text NOT NULL,
    status                 text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'suspended')),
    currency               text NOT NULL DEFAULT 'INR' CHECK (currency ~ '^[A-Z]{3}$'),
    opt_out_words          text[] NOT NULL DEFAULT '{STOP,UNSUBSCRIBE}',
    opt_in_words           text[] NOT NULL DEFAULT '{START}',
    replies_per_minute_max integer NOT NULL DEFAULT 5 CHECK (replies_per_minute_max BETWEEN 0 AND 1000),
    rules_version          bigint NOT NULL DEFAULT 0,
    created_at             timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE organizations IS 'The tenants. Never deleted: everything refers to them.';
COMMENT ON COLUMN organizations.name IS 'For people.';
COMMENT ON COLUMN organizations.status IS 'What is suspended receives, and sends nothing.';
COMMENT ON COLUMN organizations.currency IS 'Of all its money: ISO 4217.';
COMMENT ON COLUMN organizations.opt_out_words IS
    'Each opts a contact out of bulk sends; compared without case to the whole of what a contact writes.';
COMMENT ON COLUMN organizations.opt_in_words IS 'Each ends an opt-out.';
COMMENT ON COLUMN organizations.replies_per_minute_max IS 'Automatic replies to one contact.';
COMMENT ON COLUMN organizations.rules_version IS
    'Changes with its automation rules: workers then read them again. 0: it never had any.';

CREATE TABLE api_keys (
    org_id     uuid NOT NULL REFERENCES organizations (id),
    id         uuid NOT NULL DEFAULT gen_random_uuid(),
    name       text NOT NULL,
    key_hash   bytea NOT NULL UNIQUE CHECK (length(key_hash) = 32),
    created_at timestamptz NOT NULL DEFAULT now(),
    revoked_at timestamptz,
    PRIMARY KEY (org_id, id)
);
COMMENT ON TABLE api_keys IS 'create_api_key makes them, revoke_api_key ends them.';
COMMENT ON COLUMN api_keys.name IS 'For people, and to be revoked by; several keys may share one.';
COMMENT ON COLUMN api_keys.key_hash IS 'Plain SHA-256: of 256 random bits there is nothing to guess.';
COMMENT ON COLUMN api_keys.revoked_at IS 'Null: it is good.';
