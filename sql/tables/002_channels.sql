-- The numbers that tenants send from, how fast each may, and what is wrong with them.

CREATE TABLE channels (
    org_id              uuid NOT NULL REFERENCES organizations (id),
    id                  uuid NOT NULL DEFAULT gen_random_uuid(),
    phone_number_id     text NOT NULL UNIQUE CHECK (phone_number_id ~ '^[0-9]{1,32}$'),
    waba_id             text,
    access_token        text NOT NULL,
    token_changed_at    timestamptz NOT NULL DEFAULT now(),
    service_fee_per_msg numeric NOT NULL DEFAULT 0.20
                        CHECK (service_fee_per_msg >= 0 AND service_fee_per_msg < 1e10
                               AND service_fee_per_msg = round(service_fee_per_msg, 4)),
    max_mps             integer NOT NULL DEFAULT 80 CHECK (max_mps BETWEEN 1 AND 10000),
    status              text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'paused', 'disabled')),
    paused_for          text,
    created_at          timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (org_id, id)
);
COMMENT ON TABLE channels IS 'WhatsApp numbers. Never deleted: messages refer to them.';
COMMENT ON COLUMN channels.phone_number_id IS 'Meta''s id of the number.';
COMMENT ON COLUMN channels.waba_id IS 'Meta''s id of the business account that it belongs to.';
COMMENT ON COLUMN channels.access_token IS 'With which Meta is called. A new one resumes a paused channel.';
COMMENT ON COLUMN channels.token_changed_at IS 'Tells a failure that an old token met from one of the new one''s.';
COMMENT ON COLUMN channels.service_fee_per_msg IS
    'What a send costs the org. Not numeric(14, 4): that would round further decimals before they are refused.';
COMMENT ON COLUMN channels.max_mps IS 'Messages a second that Meta takes from it.';
COMMENT ON COLUMN channels.status IS
    'paused: what waits goes on waiting, and nothing new is taken. disabled: as if it were not there.';
COMMENT ON COLUMN channels.paused_for IS 'The outcome that paused it; null: somebody did it by hand.';

CREATE TABLE pace (
    org_id       uuid NOT NULL,
    channel_id   uuid NOT NULL,
    id           bigint NOT NULL DEFAULT 1,
    changes      integer NOT NULL DEFAULT 0,
    high_free_at timestamptz NOT NULL DEFAULT now(),
    bulk_free_at timestamptz NOT NULL DEFAULT now(),
    share        double precision NOT NULL DEFAULT 1 CHECK (share > 0 AND share <= 1),
    slowed_at    timestamptz,
    drip_free_at timestamptz NOT NULL DEFAULT '-infinity',
    PRIMARY KEY (channel_id, id),
    FOREIGN KEY (org_id, channel_id) REFERENCES channels (org_id, id)
) WITH (fillfactor = 50);
COMMENT ON TABLE pace IS
    'When a channel is next free (core/pacing.sql). A trigger makes the row with the channel.';
COMMENT ON COLUMN pace.id IS
    'One more after every 32 changes. A look begins at the largest, so that it meets no more of what is dead than '
    'that, however long nothing is vacuumed.';
COMMENT ON COLUMN pace.changes IS 'Since it got its id.';
COMMENT ON COLUMN pace.high_free_at IS 'By GCRA: when all that it has promised to send as high has left.';
COMMENT ON COLUMN pace.bulk_free_at IS 'The same of bulk.';
COMMENT ON COLUMN pace.share IS
    'What part of max_mps Meta took, as far as we know, at slowed_at; it doubles each minute from then on.';
COMMENT ON COLUMN pace.slowed_at IS 'When Meta last said that the number is too fast; null: never.';
COMMENT ON COLUMN pace.drip_free_at IS 'Up to when the slots of what leaves a slowed channel are taken.';

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
COMMENT ON TABLE alerts IS 'What a person should look at.';
COMMENT ON COLUMN alerts.kind IS 'What is wrong.';
COMMENT ON COLUMN alerts.outcome IS 'What showed it: as in error_rules.';
COMMENT ON COLUMN alerts.message IS 'Meta''s own words.';
COMMENT ON COLUMN alerts.raised_at IS 'Since when.';
COMMENT ON COLUMN alerts.resolved_at IS 'Null: it is still so.';
-- One open row for each thing that is wrong.
CREATE UNIQUE INDEX alerts_open ON alerts (channel_id, kind) WHERE resolved_at IS NULL;
