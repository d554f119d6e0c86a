-- What a channel's messages wait for: its org, its rate, and the clock.

ALTER TABLE channels ADD COLUMN org_active boolean NOT NULL DEFAULT true;
ALTER TABLE channels ADD COLUMN sends boolean GENERATED ALWAYS AS (status = 'active' AND org_active) STORED;
COMMENT ON COLUMN channels.org_active IS 'Whether the org''s status is active: a trigger copies it.';
COMMENT ON COLUMN channels.sends IS 'What waits leaves.';
UPDATE channels c SET org_active = false FROM organizations o WHERE o.id = c.org_id AND o.status <> 'active';
-- Made anew, by sends.
DROP TRIGGER IF EXISTS channels_resumed ON channels;

ALTER TABLE pace ADD COLUMN written_at timestamptz NOT NULL DEFAULT '-infinity';
COMMENT ON COLUMN pace.high_free_at IS
    'When the slots of the quarter of the rate that is for high alone are free (core/pacing.sql).';
COMMENT ON COLUMN pace.bulk_free_at IS 'When those of the other three quarters are, which high and bulk share.';
COMMENT ON COLUMN pace.written_at IS
    'When these two were written, by the clock of then: if it has been set back since, they are as far ahead of now '
    'as they were of that.';

COMMENT ON TABLE error_rules IS 'Loaded from sql/error_rules.csv. The same for every org: it belongs to nobody.';
COMMENT ON COLUMN organizations.status IS
    'What is suspended receives, and sends nothing: what waits is parked until it is active again.';

CREATE TABLE clock (
    is_it      boolean PRIMARY KEY DEFAULT true CHECK (is_it),
    seen_at    timestamptz NOT NULL DEFAULT now(),
    back       interval,
    channel_id uuid
);
INSERT INTO clock DEFAULT VALUES;
COMMENT ON TABLE clock IS 'Whether the clock goes forward (worker/follow_clock.sql).';
COMMENT ON COLUMN clock.is_it IS 'It has one row.';
COMMENT ON COLUMN clock.seen_at IS 'What it has said, to a minute.';
COMMENT ON COLUMN clock.back IS 'By how much it was set back; null: what waits has been moved with it.';
COMMENT ON COLUMN clock.channel_id IS 'Up to which channel that is done.';
