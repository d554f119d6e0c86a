-- What Meta has posted may have megabytes: so much of a worker's room it takes on its way to an endpoint.
ALTER TABLE event_changes
    ADD COLUMN places integer NOT NULL GENERATED ALWAYS AS (least(32, 1 + octet_length(body::text) / 16384)) STORED;
COMMENT ON COLUMN event_changes.places IS
    'How many places of a worker it takes to be posted: one for each 16 KiB, and 32 at the most (worker/notify/telling.c knows it).';
