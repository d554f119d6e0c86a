-- One row for each channel instead of one for each of its priorities: what Meta takes of it, and what it has
-- taken, is the channel's. high_free_at, bulk_free_at: what free_at was, of each priority.

ALTER TABLE pace
    ADD COLUMN high_free_at timestamptz NOT NULL DEFAULT now(),
    ADD COLUMN bulk_free_at timestamptz NOT NULL DEFAULT now();
UPDATE pace h SET high_free_at = h.free_at, bulk_free_at = b.free_at
  FROM pace b
 WHERE b.org_id = h.org_id AND b.channel_id = h.channel_id AND b.priority = 'bulk' AND h.priority = 'high';
DELETE FROM pace WHERE priority = 'bulk';
ALTER TABLE pace
    DROP COLUMN priority, -- and with it the key
    DROP COLUMN free_at,
    ADD PRIMARY KEY (org_id, channel_id);
