-- What still has to leave: one narrow row from accept to settle.

-- No index names state, so that claiming is a HOT update. Emptied as fast as it fills, hence the eager vacuum.
CREATE TABLE outbox (
    org_id     uuid NOT NULL,
    message_id uuid PRIMARY KEY,
    channel_id uuid NOT NULL,
    contact_id bigint,
    seq        bigint,
    priority   text NOT NULL CHECK (priority IN ('high', 'bulk')),
    state      text NOT NULL,
    attempt    smallint NOT NULL DEFAULT 0,
    due_at     timestamptz,
    look_at    timestamptz,
    not_after  timestamptz NOT NULL,
    paced      boolean NOT NULL DEFAULT false,
    queued_at  timestamptz NOT NULL DEFAULT now(),
    claim_id   uuid,
    claimed_at timestamptz,
    CHECK (CASE state WHEN 'scheduled' THEN look_at IS NOT NULL AND due_at IS NOT NULL
                      WHEN 'held' THEN look_at IS NOT NULL AND seq IS NOT NULL
                      WHEN 'queued' THEN look_at IS NULL AND due_at IS NULL AND seq IS NOT NULL
                      WHEN 'sending' THEN look_at IS NULL AND due_at IS NULL AND seq IS NOT NULL
                                          AND claim_id IS NOT NULL
                      ELSE false END)
) WITH (fillfactor = 60, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000,
        autovacuum_vacuum_cost_delay = 0);
COMMENT ON TABLE outbox IS 'What still has to leave. A row comes with accept and goes with the message''s end.';
COMMENT ON COLUMN outbox.message_id IS 'Whose row it is.';
COMMENT ON COLUMN outbox.seq IS 'Its place in the line of its contact over its channel; null until its send_at.';
COMMENT ON COLUMN outbox.priority IS 'bulk never uses the last quarter of a channel''s rate.';
COMMENT ON COLUMN outbox.state IS
    'scheduled: until due_at. held: until what stands ahead in its line has left. queued: it has a job. '
    'sending: a worker has it.';
COMMENT ON COLUMN outbox.attempt IS 'How often it was claimed.';
COMMENT ON COLUMN outbox.due_at IS 'When it may leave; infinity while its channel is paused.';
COMMENT ON COLUMN outbox.look_at IS
    'When the janitor must look at it: when it may leave or expires, whichever is first; held: when it expires.';
COMMENT ON COLUMN outbox.not_after IS 'What has not left by then fails as expired.';
COMMENT ON COLUMN outbox.paced IS 'due_at was given by a slowed channel, and is kept.';
COMMENT ON COLUMN outbox.queued_at IS 'Since when it should have a job.';
COMMENT ON COLUMN outbox.claim_id IS 'Under which a worker took it.';
COMMENT ON COLUMN outbox.claimed_at IS 'When.';
CREATE SEQUENCE outbox_seq OWNED BY outbox.seq;
CREATE INDEX outbox_contact_order ON outbox (channel_id, contact_id, seq);
CREATE INDEX outbox_look ON outbox (look_at) WHERE look_at IS NOT NULL;
CREATE INDEX outbox_flying ON outbox (queued_at) WHERE look_at IS NULL;
-- When more is due than is taken at once, the channels take turns: what is due of one of them, in its order,
-- without reading what is due of the others.
CREATE INDEX outbox_turns ON outbox (channel_id, look_at, seq, message_id) WHERE look_at IS NOT NULL;
