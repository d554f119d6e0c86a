-- What a key may do, until when and from where; and people who come to the console: the links that let them in, and
-- their sessions.

ALTER TABLE api_keys
    ADD COLUMN rights       text[] NOT NULL DEFAULT '{send,read}'
        CHECK (rights <@ '{send,read,manage,money,keys}' AND rights <> '{}'),
    ADD COLUMN expires_at   timestamptz,
    ADD COLUMN addresses    cidr[]
        CHECK (cardinality(addresses) BETWEEN 1 AND 32 AND array_position(addresses, NULL) IS NULL),
    ADD COLUMN last_used_at timestamptz,
    ADD COLUMN changed_in   xid8 NOT NULL DEFAULT pg_current_xact_id();
COMMENT ON COLUMN api_keys.rights IS 'What who has it may do.';
COMMENT ON COLUMN api_keys.expires_at IS 'Null: never.';
COMMENT ON COLUMN api_keys.addresses IS 'The networks that it may be used from; null: any.';
COMMENT ON COLUMN api_keys.last_used_at IS 'To a minute; null: not since that is kept.';
COMMENT ON COLUMN api_keys.changed_in IS
    'The transaction that has changed what a gateway remembers of it, so that each asks for what is new only.';
CREATE INDEX api_keys_changed ON api_keys (changed_in);

CREATE TABLE sessions (
    org_id       uuid NOT NULL REFERENCES organizations (id),
    id           uuid NOT NULL DEFAULT gen_random_uuid(),
    token_hash   bytea NOT NULL UNIQUE CHECK (length(token_hash) = 32),
    former_hash  bytea UNIQUE CHECK (length(former_hash) = 32),
    former_until timestamptz,
    rights       text[] NOT NULL CHECK (rights <@ '{send,read,manage,money,keys}' AND rights <> '{}'),
    made_by      text NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT now(),
    expires_at   timestamptz NOT NULL DEFAULT now() + interval '12 hours',
    last_used_at timestamptz,
    revoked_at   timestamptz,
    changed_in   xid8 NOT NULL DEFAULT pg_current_xact_id(),
    PRIMARY KEY (org_id, id)
);
CREATE INDEX sessions_changed ON sessions (changed_in);
COMMENT ON TABLE sessions IS 'People in the console: who holds the cookie is one of the org''s.';
COMMENT ON COLUMN sessions.token_hash IS 'SHA-256 of the cookie''s 256 random bits.';
COMMENT ON COLUMN sessions.former_hash IS 'Of the cookie before, which is good until former_until; null: there was none.';
COMMENT ON COLUMN sessions.former_until IS 'Requests that were on their way when the cookie was exchanged are let in.';
COMMENT ON COLUMN sessions.rights IS 'Those of the link or the key that it was begun with.';
COMMENT ON COLUMN sessions.made_by IS 'What it was begun with: link:ID or key:PREFIX.';
COMMENT ON COLUMN sessions.expires_at IS 'It ends then, however much it is used.';
COMMENT ON COLUMN sessions.last_used_at IS 'To a minute; null: never.';
COMMENT ON COLUMN sessions.revoked_at IS 'Null: nobody has ended it.';
COMMENT ON COLUMN sessions.changed_in IS 'As of api_keys.';

CREATE TABLE console_links (
    org_id     uuid NOT NULL REFERENCES organizations (id),
    id         uuid NOT NULL DEFAULT gen_random_uuid(),
    token_hash bytea NOT NULL UNIQUE CHECK (length(token_hash) = 32),
    rights     text[] NOT NULL CHECK (rights <@ '{send,read,manage,money,keys}' AND rights <> '{}'),
    made_by    text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    used_at    timestamptz,
    PRIMARY KEY (org_id, id)
);
COMMENT ON TABLE console_links IS 'Each lets one person in, once.';
COMMENT ON COLUMN console_links.token_hash IS 'SHA-256 of the 256 random bits in its address.';
COMMENT ON COLUMN console_links.rights IS 'Of the session that it begins.';
COMMENT ON COLUMN console_links.made_by IS 'Who has made it: tollgate.actor, or the role that was connected.';
COMMENT ON COLUMN console_links.expires_at IS 'It lets nobody in any more.';
COMMENT ON COLUMN console_links.used_at IS 'Null: it has let nobody in yet.';
