-- Slots for retries, and changes of numbers that come in any order.

CREATE TABLE contact_changes (
    org_id      uuid NOT NULL REFERENCES organizations (id),
    id          bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
    at          timestamptz NOT NULL,
    phone       text,
    user_id     text,
    new_phone   text,
    new_user_id text,
    PRIMARY KEY (org_id, id)
);
COMMENT ON TABLE contact_changes IS
    'Who had a phone and a user id has had others since: by these, one that is told late leads to the latest.';
COMMENT ON COLUMN contact_changes.at IS 'By Meta''s clock.';
COMMENT ON COLUMN contact_changes.phone IS 'The former one; null: not told.';
COMMENT ON COLUMN contact_changes.user_id IS 'Likewise.';
COMMENT ON COLUMN contact_changes.new_phone IS 'Null: it stays.';
COMMENT ON COLUMN contact_changes.new_user_id IS 'Null: it stays, or is not told.';
CREATE INDEX contact_changes_phone ON contact_changes (org_id, phone, at) WHERE phone IS NOT NULL;
CREATE INDEX contact_changes_user_id ON contact_changes (org_id, user_id, at) WHERE user_id IS NOT NULL;

ALTER TABLE outbox ADD COLUMN slotted smallint;
COMMENT ON COLUMN outbox.slotted IS
    'After so many attempts it has taken a slot for the next one, which is its due_at; null: after none.';
