-- What keeps messages in order and in bounds: a contact's line, retries, pacing, pauses, idempotency.

-- seq: the message's place in the line of its contact over its channel; null until its send_at has come.
-- due_at: when it may leave; infinity while its channel is paused. paced: due_at has been given by a slowed
-- channel and is kept. look_at: when the scheduler must look at the row: when it may leave or when it
-- expires, whichever is first; a held one waits for nothing but its expiry, since settling the message
-- ahead releases it.
ALTER TABLE outbox ALTER seq DROP IDENTITY, ALTER seq DROP NOT NULL;
CREATE SEQUENCE outbox_seq OWNED BY outbox.seq;
DO $$ BEGIN PERFORM setval('outbox_seq', coalesce((SELECT max(seq) FROM outbox), 0) + 1, false); END $$;
ALTER TABLE outbox
    ADD COLUMN not_after timestamptz NOT NULL DEFAULT now() + interval '24 hours',
    ADD COLUMN look_at   timestamptz,
    ADD COLUMN paced     boolean NOT NULL DEFAULT false;
UPDATE outbox SET look_at = least(due_at, not_after), seq = CASE WHEN due_at IS NULL THEN seq END
 WHERE state = 'scheduled';
ALTER TABLE outbox
    ALTER not_after DROP DEFAULT,
    ADD CHECK ((state IN ('scheduled', 'held')) = (look_at IS NOT NULL)),
    ADD CHECK (state IN ('scheduled', 'held') OR due_at IS NULL),
    ADD CHECK (state = 'scheduled' OR seq IS NOT NULL);
DROP INDEX outbox_due;
CREATE INDEX outbox_look ON outbox (look_at) WHERE look_at IS NOT NULL;

-- unconfirmed_at: since when nobody knows whether Meta has the message; null as soon as it is known. The
-- index does not name status, so that most changes of status stay HOT.
ALTER TABLE messages ADD COLUMN unconfirmed_at timestamptz;
UPDATE messages SET unconfirmed_at = created_at WHERE status = 'unconfirmed';
CREATE INDEX messages_unconfirmed ON messages (unconfirmed_at) WHERE unconfirmed_at IS NOT NULL;

-- Every dispatch that did not end `sent`; what did is told by the message itself.
CREATE TABLE attempts (
    org_id        uuid NOT NULL,
    message_id    uuid NOT NULL,
    attempt       smallint NOT NULL,
    outcome       text NOT NULL,
    error_message text,
    claimed_at    timestamptz NOT NULL,
    settled_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (message_id, org_id, attempt),
    FOREIGN KEY (message_id, org_id) REFERENCES messages (id, org_id)
);

-- free_at, by GCRA: the time at which all that the number has promised to send has left. share: what part
-- of max_mps Meta takes, as far as we know, at slowed_at; it doubles each minute from then on. drip_free_at:
-- the same as free_at for what leaves a slowed channel.
ALTER TABLE pace
    ADD COLUMN share        double precision NOT NULL DEFAULT 1 CHECK (share > 0 AND share <= 1),
    ADD COLUMN slowed_at    timestamptz,
    ADD COLUMN drip_free_at timestamptz NOT NULL DEFAULT '-infinity';

-- paused_for: the outcome that paused the channel; null: somebody did it by hand. token_changed_at tells a
-- failure that an old token met from one that the new one meets.
ALTER TABLE channels
    ADD COLUMN paused_for       text,
    ADD COLUMN token_changed_at timestamptz NOT NULL DEFAULT now();

-- What a person should look at. One open row for each thing that is wrong.
CREATE TABLE alerts (
    org_id      uuid NOT NULL REFERENCES organizations (id),
    id          bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
    channel_id  uuid NOT NULL,
    kind        text NOT NULL CHECK (kind IN ('channel_paused')),
    outcome     text NOT NULL,
    message     text,
    raised_at   timestamptz NOT NULL DEFAULT now(),
    resolved_at timestamptz,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, channel_id) REFERENCES channels (org_id, id)
);
CREATE UNIQUE INDEX alerts_open ON alerts (channel_id, kind) WHERE resolved_at IS NULL;

-- The first answer to a request, for whoever asks again with the same key. Its references are checked set
-- by set (core/tenancy.sql).
CREATE TABLE idempotency_keys (
    org_id     uuid NOT NULL,
    key        text NOT NULL CHECK (length(key) BETWEEN 1 AND 255),
    body_hash  bytea NOT NULL CHECK (length(body_hash) = 32),
    message_id uuid NOT NULL,
    status     text NOT NULL,
    balance    numeric(14, 4) NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (org_id, key)
);
CREATE INDEX idempotency_keys_created ON idempotency_keys (created_at);
