-- What is known of numbers beside what sending needs: since when they are paused, and how Meta says that they are.

CREATE TABLE channel_health (
    org_id        uuid NOT NULL,
    channel_id    uuid NOT NULL,
    paused_at     timestamptz,
    due_at        timestamptz NOT NULL DEFAULT now(),
    look_id       uuid,
    asked_at      timestamptz,
    looked_at     timestamptz,
    failed_at     timestamptz,
    failures      integer NOT NULL DEFAULT 0 CHECK (failures >= 0),
    error_code    text CHECK (length(error_code) <= 64),
    error_message text CHECK (length(error_message) <= 500),
    PRIMARY KEY (org_id, channel_id),
    FOREIGN KEY (org_id, channel_id) REFERENCES channels (org_id, id)
);
COMMENT ON TABLE channel_health IS
    'Of each channel when Meta is asked how its number is, and how that went (core/channel_health.sql). A trigger makes '
    'the row with the channel. (Apart from channels, which every accept and every claim reads.)';
COMMENT ON COLUMN channel_health.paused_at IS
    'Since when it is paused; null: it is not, or was before this was kept, and no alert tells.';
COMMENT ON COLUMN channel_health.due_at IS 'When Meta is asked next.';
COMMENT ON COLUMN channel_health.look_id IS 'The look that is under way, or was given up; null: what comes of one counts no more.';
COMMENT ON COLUMN channel_health.asked_at IS 'When the last look began; null: none has.';
COMMENT ON COLUMN channel_health.looked_at IS 'When the last one began that Meta has answered; null: none was.';
COMMENT ON COLUMN channel_health.failed_at IS 'When the last one began, if it failed; null: it did not.';
COMMENT ON COLUMN channel_health.failures IS 'How many have failed one after the other.';
COMMENT ON COLUMN channel_health.error_code IS 'Why the last one failed: Meta''s code, or a word of ours. Null: it did not.';
COMMENT ON COLUMN channel_health.error_message IS 'The same for people.';
CREATE INDEX channel_health_due ON channel_health (due_at);

CREATE TABLE channel_facts (
    org_id     uuid NOT NULL,
    channel_id uuid NOT NULL,
    fact       text NOT NULL CHECK (length(fact) <= 32),
    value      jsonb CHECK (length(value::text) <= 16384),
    as_of      timestamptz NOT NULL,
    PRIMARY KEY (org_id, channel_id, fact),
    FOREIGN KEY (org_id, channel_id) REFERENCES channels (org_id, id)
);
COMMENT ON TABLE channel_facts IS
    'How Meta says that a channel''s number is, each fact by itself: the newest word counts, be it a webhook''s or the '
    'answer to a look.';
COMMENT ON COLUMN channel_facts.fact IS 'Which: quality_rating, messaging_limit and so on (core/channel_health.sql).';
COMMENT ON COLUMN channel_facts.value IS 'What it says; null: Meta does not say.';
COMMENT ON COLUMN channel_facts.as_of IS
    'When it was so: of a look when Meta was asked; of a webhook the end of the second that Meta''s time names.';

INSERT INTO channel_health (org_id, channel_id, paused_at, due_at)
SELECT c.org_id, c.id,
       CASE WHEN c.status = 'paused'
            THEN (SELECT max(a.raised_at) FROM alerts a
                   WHERE a.org_id = c.org_id AND a.resolved_at IS NULL AND a.outcome = c.paused_for
                     AND (a.channel_id = c.id OR a.kind = 'account' AND a.waba_id = c.waba_id)) END,
       CASE WHEN c.status = 'disabled' THEN 'infinity' ELSE now() END
  FROM channels c;
