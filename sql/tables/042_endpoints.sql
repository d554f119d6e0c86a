-- Endpoints: where orgs have themselves told, and how far each event is on its way there.

CREATE TABLE endpoints (
    org_id           uuid NOT NULL REFERENCES organizations (id),
    id               uuid NOT NULL,
    url              text NOT NULL CHECK (url LIKE 'https://%' AND length(url) <= 2048),
    description      text CHECK (length(description) <= 255),
    format           text NOT NULL CHECK (format IN ('standard', 'meta')),
    types            text[] NOT NULL CHECK (cardinality(types) BETWEEN 1 AND 64),
    channel_ids      uuid[] CHECK (cardinality(channel_ids) BETWEEN 1 AND 200),
    secret           text NOT NULL,
    old_secret       text,
    old_secret_until timestamptz,
    verify_token     text CHECK (format = 'meta' OR verify_token IS NULL),
    state            text NOT NULL CHECK (state IN ('active', 'verifying', 'disabled')),
    state_why        text CHECK (length(state_why) <= 255),
    state_since      timestamptz NOT NULL DEFAULT clock_timestamp(),
    verify_id        uuid,
    verify_at        timestamptz,
    failing_since    timestamptz,
    warned_at        timestamptz,
    recover_from     uuid,
    created_at       timestamptz NOT NULL DEFAULT clock_timestamp(),
    deleted_at       timestamptz,
    PRIMARY KEY (org_id, id)
);
COMMENT ON TABLE endpoints IS 'An org''s addresses for its events (core/endpoints.sql).';
COMMENT ON COLUMN endpoints.url IS 'Where it is.';
COMMENT ON COLUMN endpoints.description IS 'The org''s own words; null: none.';
COMMENT ON COLUMN endpoints.format IS 'standard: Standard Webhooks; meta: as Meta would have posted it.';
COMMENT ON COLUMN endpoints.types IS 'Which events: as event_wishes.asked has them.';
COMMENT ON COLUMN endpoints.channel_ids IS 'Of events about a channel only those about these; null: about any.';
COMMENT ON COLUMN endpoints.secret IS 'Under which deliveries are signed, as it is or sealed: the janitor seals it.';
COMMENT ON COLUMN endpoints.old_secret IS 'Under which they are signed as well, until then; null: none.';
COMMENT ON COLUMN endpoints.old_secret_until IS 'Null: there is none.';
COMMENT ON COLUMN endpoints.verify_token IS 'Of format meta: what the endpoint knows us by when it is verified, sealed likewise.';
COMMENT ON COLUMN endpoints.state IS 'verifying: it is to be asked, or is, whether it wants this. disabled: nothing is posted, and all is kept.';
COMMENT ON COLUMN endpoints.state_why IS 'In words for people why it is disabled; null: somebody of the org''s wanted it.';
COMMENT ON COLUMN endpoints.state_since IS 'Since when.';
COMMENT ON COLUMN endpoints.verify_id IS 'Who asks it; what comes of another question does not count. Null: nobody does.';
COMMENT ON COLUMN endpoints.verify_at IS 'When it is asked next; null: it need not be.';
COMMENT ON COLUMN endpoints.failing_since IS 'Nothing has come there since; null: the last delivery did.';
COMMENT ON COLUMN endpoints.warned_at IS 'When the org was warned that this ends in disabling; null: it was not.';
COMMENT ON COLUMN endpoints.recover_from IS 'What was given up is tried again, from this event on; null: nothing is.';
COMMENT ON COLUMN endpoints.deleted_at IS 'Null: it is there. Its secrets are gone, its deliveries in time.';
CREATE INDEX endpoints_verify ON endpoints (verify_at) WHERE verify_at IS NOT NULL;
CREATE INDEX endpoints_recover ON endpoints (org_id, id) WHERE recover_from IS NOT NULL;

CREATE TABLE deliveries (
    org_id      uuid NOT NULL,
    endpoint_id uuid NOT NULL,
    event_id    uuid NOT NULL,
    event_xact  xid8 NOT NULL,
    message_id  uuid,
    state       text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'delivered', 'failed', 'erased')),
    attempts    integer NOT NULL DEFAULT 0,
    step        integer NOT NULL DEFAULT 0,
    next_at     timestamptz CHECK ((next_at IS NOT NULL) = (state = 'pending')),
    PRIMARY KEY (org_id, endpoint_id, event_id)
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_cost_delay = 0);
COMMENT ON TABLE deliveries IS 'Each event on its way to each endpoint that asks for it, kept as long as the event.';
COMMENT ON COLUMN deliveries.endpoint_id IS 'To which endpoint.';
COMMENT ON COLUMN deliveries.event_id IS 'Of which event.';
COMMENT ON COLUMN deliveries.event_xact IS 'As in events: it is found by this.';
COMMENT ON COLUMN deliveries.message_id IS 'As in events.';
COMMENT ON COLUMN deliveries.state IS 'failed: given up; erased: what it was about is erased.';
COMMENT ON COLUMN deliveries.attempts IS 'How often it was tried; of each there is a row of delivery_attempts.';
COMMENT ON COLUMN deliveries.step IS 'How often of these since somebody last wanted it sent again: its place in the schedule.';
COMMENT ON COLUMN deliveries.next_at IS
    'When it is tried; while a worker does, when that would have taken too long. Null: it is not pending.';
CREATE INDEX deliveries_next ON deliveries (endpoint_id, next_at) WHERE next_at IS NOT NULL;
CREATE INDEX deliveries_failed ON deliveries (org_id, endpoint_id, event_id) WHERE state = 'failed';
CREATE INDEX deliveries_message ON deliveries (message_id) WHERE message_id IS NOT NULL;

CREATE TABLE delivery_attempts (
    org_id      uuid NOT NULL,
    endpoint_id uuid NOT NULL,
    event_id    uuid NOT NULL,
    attempt     integer NOT NULL,
    at          timestamptz NOT NULL,
    outcome     text NOT NULL,
    status      integer,
    took_ms     integer NOT NULL,
    answer      text,
    PRIMARY KEY (org_id, endpoint_id, event_id, attempt)
);
COMMENT ON TABLE delivery_attempts IS 'What came of each attempt.';
COMMENT ON COLUMN delivery_attempts.endpoint_id IS 'As in deliveries.';
COMMENT ON COLUMN delivery_attempts.event_id IS 'As in deliveries.';
COMMENT ON COLUMN delivery_attempts.attempt IS 'Which, from 1.';
COMMENT ON COLUMN delivery_attempts.at IS 'When it was recorded, just after its end.';
COMMENT ON COLUMN delivery_attempts.outcome IS 'delivered; or why it was not (worker/notify/verdict.h).';
COMMENT ON COLUMN delivery_attempts.status IS 'Of the answer; null: none came.';
COMMENT ON COLUMN delivery_attempts.took_ms IS 'How long it took.';
COMMENT ON COLUMN delivery_attempts.answer IS 'The first kilobyte of its body; null: none came, or it is erased.';

CREATE TABLE fan_outs (
    n        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    xact     xid8 NOT NULL,
    event_id uuid NOT NULL
);
COMMENT ON TABLE fan_outs IS
    'Up to which event deliveries have been made: the newest row says it. (Written anew and not over: a row that is written '
    'all the time becomes slow to read while anybody holds a snapshot.)';

COMMENT ON COLUMN fan_outs.n IS 'The newest has the highest.';
COMMENT ON COLUMN fan_outs.xact IS 'The event''s.';
COMMENT ON COLUMN fan_outs.event_id IS 'The event.';

CREATE TABLE fan_out_lock (one boolean PRIMARY KEY DEFAULT true CHECK (one));
COMMENT ON TABLE fan_out_lock IS 'Who makes deliveries locks its row.';
COMMENT ON COLUMN fan_out_lock.one IS 'There is one.';
INSERT INTO fan_out_lock DEFAULT VALUES;

ALTER TABLE alerts ADD COLUMN endpoint_id uuid;
COMMENT ON COLUMN alerts.endpoint_id IS 'The endpoint that it is about.';
CREATE UNIQUE INDEX alerts_open_of_endpoint ON alerts (org_id, endpoint_id, kind)
    WHERE resolved_at IS NULL AND endpoint_id IS NOT NULL;

-- Further kinds, whatever there are by now.
DO $$
DECLARE
    v_says text := (SELECT pg_get_expr(c.conbin, c.conrelid) FROM pg_constraint c
                     WHERE c.conrelid = 'alerts'::regclass AND c.conname = 'alerts_kind_check');
BEGIN
    EXECUTE format('ALTER TABLE alerts DROP CONSTRAINT alerts_kind_check, ADD CONSTRAINT alerts_kind_check CHECK (%s OR kind = '
                   'ANY (%L))', v_says, '{endpoint_failing,endpoint_disabled}'::text[]);
END $$;
