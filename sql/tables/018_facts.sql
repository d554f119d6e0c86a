-- Slots for retries.

ALTER TABLE outbox ADD COLUMN slotted smallint;
COMMENT ON COLUMN outbox.slotted IS
    'After so many attempts it has taken a slot for the next one, which is its due_at; null: after none.';
