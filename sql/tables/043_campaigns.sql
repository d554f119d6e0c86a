-- Campaigns: one message to many, whose fees are taken at once and passed on to their messages piece by piece.

CREATE TABLE campaigns (
    org_id          uuid NOT NULL,
    id              uuid NOT NULL,
    channel_id      uuid NOT NULL,
    name            text,
    state           text NOT NULL CHECK (state IN ('filling', 'draft', 'scheduled', 'running', 'paused', 'done',
                                                   'cancelled', 'expired')),
    type            text NOT NULL,
    parts           text[] NOT NULL,
    placeholders    text[] NOT NULL CHECK (cardinality(parts) = cardinality(placeholders) + 1),
    callback_data   text,
    send_at         timestamptz,
    not_after       timestamptz,
    max_mps         integer CHECK (max_mps > 0),
    recipients      bigint NOT NULL DEFAULT 0,
    fee             numeric(14, 4),
    not_started_for text,
    ended_for       text,
    key             text,
    body_hash       bytea,
    progress        json,
    progress_at     timestamptz,
    progress_took   interval,
    clear_at        timestamptz,
    created_at      timestamptz NOT NULL DEFAULT now(),
    started_at      timestamptz,
    ended_at        timestamptz,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, channel_id) REFERENCES channels (org_id, id),
    CHECK ((started_at IS NULL) = (fee IS NULL)),
    CHECK (state NOT IN ('running', 'paused', 'done') OR fee IS NOT NULL)
);
COMMENT ON TABLE campaigns IS 'One message to many. Nothing that a batch of sends does writes here.';
COMMENT ON COLUMN campaigns.id IS 'A UUIDv7.';
COMMENT ON COLUMN campaigns.name IS 'The org''s own; null: none.';
COMMENT ON COLUMN campaigns.state IS
    'filling: its recipients are coming. draft: until it is started. scheduled: until send_at. running: recipients '
    'become messages. paused. done: all have. cancelled, expired: what had not become a message does no more.';
COMMENT ON COLUMN campaigns.type IS 'As in messages.';
COMMENT ON COLUMN campaigns.parts IS 'What Meta gets, without whom it goes to: between them stand the placeholders.';
COMMENT ON COLUMN campaigns.placeholders IS 'Their names, each as often as it stands there.';
COMMENT ON COLUMN campaigns.callback_data IS 'Of its messages.';
COMMENT ON COLUMN campaigns.send_at IS 'When it starts by itself; null: when somebody starts it.';
COMMENT ON COLUMN campaigns.not_after IS 'What has not left by then does no more; null: each message has a day.';
COMMENT ON COLUMN campaigns.max_mps IS 'So many messages a second at the most; null: as many as the channel takes.';
COMMENT ON COLUMN campaigns.recipients IS 'How many it has; those that were refused are not counted.';
COMMENT ON COLUMN campaigns.fee IS 'What was taken for each when it started; null: it has not.';
COMMENT ON COLUMN campaigns.not_started_for IS 'Why it did not start at send_at; null: it did, or has still to.';
COMMENT ON COLUMN campaigns.ended_for IS 'Why it was cancelled, where nobody has said so; null: somebody has.';
COMMENT ON COLUMN campaigns.key IS 'The Idempotency-Key that it came with; null: none.';
COMMENT ON COLUMN campaigns.body_hash IS 'SHA-256 of what it was made of, with a key.';
COMMENT ON COLUMN campaigns.progress IS 'As it was counted last, for who asks again and again; null: nobody has asked.';
COMMENT ON COLUMN campaigns.progress_at IS 'When.';
COMMENT ON COLUMN campaigns.progress_took IS 'How long that took.';
COMMENT ON COLUMN campaigns.started_at IS 'When it was charged; null: it has not been.';
COMMENT ON COLUMN campaigns.ended_at IS 'When it was done, cancelled or expired; null: it has not ended.';
COMMENT ON COLUMN campaigns.clear_at IS 'When recipients are to be deleted that nobody needs any more; null: not yet, or all are.';
CREATE UNIQUE INDEX campaigns_key ON campaigns (org_id, key) WHERE key IS NOT NULL;
-- What the worker looks at.
CREATE INDEX campaigns_active ON campaigns (id) WHERE state IN ('scheduled', 'running', 'paused');
CREATE INDEX campaigns_to_clear ON campaigns (clear_at) WHERE clear_at IS NOT NULL;

CREATE TABLE campaign_recipients (
    org_id      uuid NOT NULL,
    campaign_id uuid NOT NULL,
    n           bigint NOT NULL,
    name        text,
    phone       text,
    user_id     text,
    fills       json,
    refused_for text,
    PRIMARY KEY (org_id, campaign_id, n),
    CHECK (refused_for IS NOT NULL OR name IS NOT NULL AND fills IS NOT NULL AND (phone IS NULL) <> (user_id IS NULL))
);
COMMENT ON TABLE campaign_recipients IS 'Who has still to get a message; who gets none after all stays for some time.';
COMMENT ON COLUMN campaign_recipients.campaign_id IS 'Whose.';
COMMENT ON COLUMN campaign_recipients.user_id IS 'Business-scoped, of Meta''s; null: by phone.';
COMMENT ON COLUMN campaign_recipients.n IS 'On which line it stood, or the how manieth it was.';
COMMENT ON COLUMN campaign_recipients.name IS 'The same for a phone''s two forms.';
COMMENT ON COLUMN campaign_recipients.phone IS 'Digits; null: by user id.';
COMMENT ON COLUMN campaign_recipients.fills IS 'What stands in the place of each placeholder: a list of strings.';
COMMENT ON COLUMN campaign_recipients.refused_for IS 'Why it gets no message; null: it does.';
CREATE UNIQUE INDEX campaign_recipients_once ON campaign_recipients (campaign_id, name);
CREATE INDEX campaign_recipients_refused ON campaign_recipients (org_id, campaign_id, n) WHERE refused_for IS NOT NULL;

CREATE TABLE campaign_pieces (
    org_id      uuid NOT NULL,
    campaign_id uuid NOT NULL,
    n           integer NOT NULL,
    until       bigint NOT NULL,
    passed      bigint NOT NULL,
    accepted    bigint NOT NULL,
    next_at     timestamptz NOT NULL,
    made_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (org_id, campaign_id, n),
    FOREIGN KEY (org_id, campaign_id) REFERENCES campaigns (org_id, id)
);
COMMENT ON TABLE campaign_pieces IS 'Recipients that became messages together, and how far that went. Never changed.';
COMMENT ON COLUMN campaign_pieces.campaign_id IS 'Of which.';
COMMENT ON COLUMN campaign_pieces.n IS 'The how manieth piece it is, from 1.';
COMMENT ON COLUMN campaign_pieces.until IS 'Up to which recipient.';
COMMENT ON COLUMN campaign_pieces.passed IS 'How many these are, with those of all pieces before.';
COMMENT ON COLUMN campaign_pieces.accepted IS 'And how many of these became messages.';
COMMENT ON COLUMN campaign_pieces.next_at IS 'When the next one may come.';
COMMENT ON COLUMN campaign_pieces.made_at IS 'When.';

CREATE TABLE campaign_messages (
    org_id      uuid NOT NULL,
    campaign_id uuid NOT NULL,
    message_id  uuid NOT NULL,
    n           bigint NOT NULL,
    PRIMARY KEY (org_id, campaign_id, message_id)
);
COMMENT ON TABLE campaign_messages IS 'Whose message is a campaign''s. (Apart from messages, so that it costs the others nothing.)';
COMMENT ON COLUMN campaign_messages.campaign_id IS 'Of which.';
COMMENT ON COLUMN campaign_messages.message_id IS 'Which.';
COMMENT ON COLUMN campaign_messages.n IS 'Of the recipient.';
CREATE INDEX campaign_messages_message ON campaign_messages (message_id);

CREATE TABLE campaign_bookings (
    org_id      uuid NOT NULL,
    n           bigint NOT NULL,
    campaign_id uuid NOT NULL,
    PRIMARY KEY (org_id, n),
    FOREIGN KEY (org_id, n) REFERENCES wallet_transactions (org_id, n),
    FOREIGN KEY (org_id, campaign_id) REFERENCES campaigns (org_id, id)
);
COMMENT ON TABLE campaign_bookings IS
    'The ledger rows by which fees are reserved for a campaign, and released. (Beside the ledger, as bookings.)';
COMMENT ON COLUMN campaign_bookings.campaign_id IS 'For which.';
COMMENT ON COLUMN campaign_bookings.n IS 'Of the ledger row.';
CREATE INDEX campaign_bookings_campaign ON campaign_bookings (org_id, campaign_id);

ALTER TABLE alerts
    ADD COLUMN campaign_id uuid,
    ADD FOREIGN KEY (org_id, campaign_id) REFERENCES campaigns (org_id, id);
COMMENT ON COLUMN alerts.campaign_id IS 'The campaign that it is about.';
CREATE INDEX alerts_campaign ON alerts (org_id, campaign_id) WHERE campaign_id IS NOT NULL;

-- Further kinds, whatever there are by now. Of the ledger what was written before was checked then: it is not read again.
DO $$
DECLARE
    v_kinds record;
BEGIN
    FOR v_kinds IN
        SELECT c.conrelid::regclass AS on_table, c.conname AS name, pg_get_expr(c.conbin, c.conrelid) AS says, k.adds, k.how
          FROM (VALUES ('alerts', '{campaign_not_started}'::text[], ''),
                       ('wallet_transactions', '{reservation,release}', ' NOT VALID')) AS k (of_table, adds, how)
          JOIN pg_constraint c ON c.conrelid = k.of_table::regclass AND c.conname = k.of_table || '_kind_check'
    LOOP
        EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I, ADD CONSTRAINT %I CHECK (%s OR kind = ANY (%L))%s',
                       v_kinds.on_table, v_kinds.name, v_kinds.name, v_kinds.says, v_kinds.adds, v_kinds.how);
    END LOOP;
END $$;
COMMENT ON COLUMN wallet_transactions.kind IS
    'refund_reversal: the fee of what was refunded, and delivered all the same. adjustment: by hand. reservation: the '
    'fees of all of a campaign''s messages to come; release: of some of them, which are taken for each then, or not at all.';
