-- What Meta has posted, as it came, for endpoints of format meta: written by the transaction that applies it.

-- Who asks for that: each batch of webhooks looks here once, and mostly nobody does.
CREATE INDEX event_wishes_meta ON event_wishes (org_id) WHERE asked @> '{meta.*}';

-- (Nothing has written changes before this.)
DROP INDEX event_changes_message;
ALTER TABLE event_changes DROP COLUMN message_id, ADD COLUMN digest bytea;
COMMENT ON COLUMN event_changes.digest IS
    'SHA-256 of the change as Meta has posted it: what it posts again is not told again. Stays when the body is erased.';
CREATE UNIQUE INDEX event_changes_digest ON event_changes (org_id, digest);

CREATE TABLE event_change_messages (
    org_id     uuid NOT NULL,
    event_id   uuid NOT NULL,
    message_id uuid NOT NULL,
    PRIMARY KEY (org_id, event_id, message_id)
);
COMMENT ON TABLE event_change_messages IS 'Of which messages a change tells: what is erased of one of them is erased there.';
COMMENT ON COLUMN event_change_messages.event_id IS 'As in event_changes.';
COMMENT ON COLUMN event_change_messages.message_id IS 'One of them, received or sent.';
CREATE INDEX event_change_messages_message ON event_change_messages (message_id);
