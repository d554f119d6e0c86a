-- The permanent record of what was sent and received.

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
    refund_waived   boolean NOT NULL DEFAULT false,
    status          text NOT NULL CHECK (status IN
                    ('queued', 'sent', 'unconfirmed', 'failed', 'delivered', 'read', 'received')),
    attempts        smallint NOT NULL DEFAULT 0,
    wamid           text,
    error_code      text,
    error_message   text,
    error_transient boolean,
    text            text,
    media_id        text,
    mime_type       text,
    reply_to        text,
    referral        json,
    pricing         json,
    created_at      timestamptz NOT NULL DEFAULT now(),
    unconfirmed_at  timestamptz,
    sent_at         timestamptz,
    delivered_at    timestamptz,
    read_at         timestamptz,
    failed_at       timestamptz,
    PRIMARY KEY (id, org_id),
    CHECK (contact_id IS NOT NULL OR type = 'receipt')
) WITH (fillfactor = 80);
COMMENT ON TABLE messages IS
    'Written when a message is accepted or received, and once more when it is sent or has its end. Never deleted.';
COMMENT ON COLUMN messages.id IS
    'A UUIDv7: the key grows at its right edge, and a later split into monthly partitions finds its time in it.';
COMMENT ON COLUMN messages.contact_id IS 'Null for a receipt alone (read, typing): that is written to a message.';
COMMENT ON COLUMN messages.direction IS 'outbound: to a customer; inbound: from one.';
COMMENT ON COLUMN messages.type IS 'Of the Cloud API''s message types; receipt: it marks one as read.';
COMMENT ON COLUMN messages.payload IS 'Outbound: what Meta gets. Inbound: Meta''s own object.';
COMMENT ON COLUMN messages.callback_data IS 'What the sender wants to have back with it.';
COMMENT ON COLUMN messages.fee IS 'What was taken for it when it was accepted.';
COMMENT ON COLUMN messages.refunded IS 'The fee was given back, and not taken again.';
COMMENT ON COLUMN messages.refund_waived IS 'Delivered after its refund; the balance did not carry the fee again.';
COMMENT ON COLUMN messages.status IS 'queued until sent or ended: what it does meanwhile stands in the outbox.';
COMMENT ON COLUMN messages.attempts IS 'How often it was dispatched.';
COMMENT ON COLUMN messages.wamid IS 'Meta''s id of it; null: Meta has not named one.';
COMMENT ON COLUMN messages.error_code IS 'The outcome that failed it or left it unconfirmed: as in error_rules.';
COMMENT ON COLUMN messages.error_message IS 'Meta''s own words, or ours.';
COMMENT ON COLUMN messages.error_transient IS 'Meta''s is_transient: judges a code that has no rule.';
COMMENT ON COLUMN messages.text IS 'Inbound: what was written, a caption or a button''s title.';
COMMENT ON COLUMN messages.media_id IS 'Inbound: by which Meta gives the file.';
COMMENT ON COLUMN messages.mime_type IS 'Inbound: of the file.';
COMMENT ON COLUMN messages.reply_to IS 'Inbound: the wamid of what it answers.';
COMMENT ON COLUMN messages.referral IS 'Inbound: Meta''s object of the ad that it came by.';
COMMENT ON COLUMN messages.pricing IS 'Outbound: Meta''s object of what it costs there.';
COMMENT ON COLUMN messages.unconfirmed_at IS 'Since when nobody knows whether Meta has it; else null.';
COMMENT ON COLUMN messages.sent_at IS 'When Meta took it.';
COMMENT ON COLUMN messages.delivered_at IS 'By Meta''s clock, as read_at.';
COMMENT ON COLUMN messages.read_at IS 'By Meta''s clock.';
COMMENT ON COLUMN messages.failed_at IS 'By Meta''s clock if it failed after it was sent.';
CREATE UNIQUE INDEX messages_channel_wamid ON messages (channel_id, wamid) WHERE wamid IS NOT NULL;
-- Does not name status, so that most changes of that stay HOT.
CREATE INDEX messages_unconfirmed ON messages (unconfirmed_at) WHERE unconfirmed_at IS NOT NULL;

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
COMMENT ON TABLE attempts IS 'Every dispatch that did not end sent; what did is told by the message itself.';
COMMENT ON COLUMN attempts.message_id IS 'Whose dispatch it was.';
COMMENT ON COLUMN attempts.attempt IS 'The how manieth it was, from 1.';
COMMENT ON COLUMN attempts.outcome IS 'As in error_rules.';
COMMENT ON COLUMN attempts.error_message IS 'Meta''s own words, or ours.';
COMMENT ON COLUMN attempts.claimed_at IS 'When a worker took it.';
COMMENT ON COLUMN attempts.settled_at IS 'When its outcome was recorded.';

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
COMMENT ON TABLE idempotency_keys IS 'The first answer to a request, for whoever asks again with the same key.';
COMMENT ON COLUMN idempotency_keys.key IS 'The caller''s Idempotency-Key.';
COMMENT ON COLUMN idempotency_keys.body_hash IS 'SHA-256 of the request: with another body it is a conflict.';
COMMENT ON COLUMN idempotency_keys.message_id IS 'What the request has made.';
COMMENT ON COLUMN idempotency_keys.status IS 'As it was answered.';
COMMENT ON COLUMN idempotency_keys.balance IS 'As it was answered.';
CREATE INDEX idempotency_keys_created ON idempotency_keys (created_at);
