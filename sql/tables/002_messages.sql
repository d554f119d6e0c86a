-- Contacts, messages and what still has to leave.
--
-- contacts, messages, outbox and wallet_transactions carry no foreign keys: row by row they halve the
-- rate of accept_sends. The same is enforced set by set in core/tenancy.sql.

-- phone, or the business-scoped user id of a contact who hides the phone, or both.
CREATE TABLE contacts (
    org_id     uuid NOT NULL,
    id         bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
    phone      text CHECK (phone ~ '^[1-9][0-9]{6,14}$'),
    user_id    text,
    name       text,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (org_id, id),
    UNIQUE (org_id, phone),
    CHECK (phone IS NOT NULL OR user_id IS NOT NULL)
);
CREATE UNIQUE INDEX contacts_user_id ON contacts (org_id, user_id) WHERE user_id IS NOT NULL;

-- The permanent record. The id is a UUIDv7, so the key grows at its right edge and a range of ids is a
-- range of time: what a later split into monthly partitions needs is already in the key.
CREATE TABLE messages (
    id              uuid NOT NULL,
    org_id          uuid NOT NULL,
    channel_id      uuid NOT NULL,
    contact_id      bigint,
    direction       text NOT NULL CHECK (direction IN ('outbound', 'inbound')),
    type            text NOT NULL,
    payload         json NOT NULL,
    callback_data   text,
    fee             numeric(14, 4) NOT NULL DEFAULT 0 CHECK (fee >= 0 AND fee <> 'NaN'),
    refunded        boolean NOT NULL DEFAULT false,
    status          text NOT NULL CHECK (status IN
                    ('queued', 'sent', 'unconfirmed', 'failed', 'delivered', 'read', 'received')),
    attempts        smallint NOT NULL DEFAULT 0,
    wamid           text,
    error_code      text,
    error_message   text,
    error_transient boolean,
    created_at      timestamptz NOT NULL DEFAULT now(),
    sent_at         timestamptz,
    delivered_at    timestamptz,
    read_at         timestamptz,
    failed_at       timestamptz,
    PRIMARY KEY (id, org_id),
    -- Only a receipt (read, typing) is written to a message instead of to a contact.
    CHECK (contact_id IS NOT NULL OR type = 'receipt')
) WITH (fillfactor = 80);
CREATE UNIQUE INDEX messages_channel_wamid ON messages (channel_id, wamid) WHERE wamid IS NOT NULL;

-- What still has to leave: one narrow row from accept to settle. No index names state, so that claiming
-- is a HOT update. Emptied as fast as it fills, hence the eager vacuum.
CREATE TABLE outbox (
    org_id     uuid NOT NULL,
    message_id uuid PRIMARY KEY,
    channel_id uuid NOT NULL,
    contact_id bigint,
    seq        bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
    priority   text NOT NULL CHECK (priority IN ('high', 'bulk')),
    state      text NOT NULL CHECK (state IN ('scheduled', 'held', 'queued', 'sending')),
    attempt    smallint NOT NULL DEFAULT 0,
    due_at     timestamptz,
    queued_at  timestamptz NOT NULL DEFAULT now(),
    claim_id   uuid,
    claimed_at timestamptz,
    CHECK (state <> 'scheduled' OR due_at IS NOT NULL),
    CHECK (state <> 'sending' OR claim_id IS NOT NULL)
) WITH (fillfactor = 60, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000,
        autovacuum_vacuum_cost_delay = 0);
CREATE INDEX outbox_contact_order ON outbox (channel_id, contact_id, seq);
CREATE INDEX outbox_due ON outbox (due_at) WHERE due_at IS NOT NULL;

-- When a channel is next free, per priority (pacing). A trigger makes the rows with the channel.
CREATE TABLE pace (
    org_id     uuid NOT NULL,
    channel_id uuid NOT NULL,
    priority   text NOT NULL CHECK (priority IN ('high', 'bulk')),
    free_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (org_id, channel_id, priority),
    FOREIGN KEY (org_id, channel_id) REFERENCES channels (org_id, id)
) WITH (fillfactor = 50);

-- One channel and one contact; made when that contact first writes, never by a send.
CREATE TABLE conversations (
    org_id          uuid NOT NULL,
    channel_id      uuid NOT NULL,
    contact_id      bigint NOT NULL,
    last_inbound_at timestamptz,
    opted_out_at    timestamptz,
    PRIMARY KEY (org_id, channel_id, contact_id),
    FOREIGN KEY (org_id, channel_id) REFERENCES channels (org_id, id),
    FOREIGN KEY (org_id, contact_id) REFERENCES contacts (org_id, id)
);

CREATE TABLE automation_rules (
    org_id     uuid NOT NULL REFERENCES organizations (id),
    id         uuid NOT NULL DEFAULT gen_random_uuid(),
    channel_id uuid,
    priority   integer NOT NULL DEFAULT 100,
    match_kind text NOT NULL CHECK (match_kind IN
               ('exact', 'contains', 'starts_with', 'regex', 'any', 'first_message')),
    pattern    text NOT NULL DEFAULT '',
    reply      json NOT NULL,
    active     boolean NOT NULL DEFAULT true,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, channel_id) REFERENCES channels (org_id, id)
);

-- What follows from an outcome that is not success; loaded from sql/error_rules.csv. The same for every
-- org: the one table that belongs to nobody. updated_at lets the audit judge a failure by the rule that
-- was in force.
CREATE TABLE error_rules (
    outcome     text PRIMARY KEY,
    first_code  integer,
    last_code   integer,
    http        text,
    title       text NOT NULL,
    meaning     text NOT NULL,
    class       text NOT NULL,
    refundable  boolean NOT NULL,
    retry       text NOT NULL CHECK (retry IN ('never', 'backoff')),
    action      text NOT NULL CHECK (action IN
                ('none', 'slow_channel', 'pause_channel', 'pause_conversation', 'opt_out_bulk')),
    unconfirmed boolean NOT NULL,
    source      text NOT NULL,
    updated_at  timestamptz NOT NULL DEFAULT now(),
    CHECK ((first_code IS NULL) = (last_code IS NULL)),
    CHECK (NOT (unconfirmed AND retry = 'backoff'))
);
