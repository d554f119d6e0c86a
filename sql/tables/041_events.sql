-- What orgs are told (DESIGN: events): a row for each, written by the transaction that makes it true.

CREATE TABLE event_wishes (
    org_id     uuid PRIMARY KEY REFERENCES organizations (id),
    asked      text[] NOT NULL DEFAULT '{}' CHECK (array_position(asked, NULL) IS NULL),
    feed_since timestamptz,
    wallet_low_at numeric(14, 4) CHECK (wallet_low_at > 0 AND wallet_low_at <> 'NaN'),
    low_told_at   timestamptz,
    empty_told_at timestamptz,
    types      text[] NOT NULL GENERATED ALWAYS AS (CASE WHEN feed_since IS NULL THEN asked ELSE asked || '{*}'::text[] END) STORED,
    asks       integer NOT NULL GENERATED ALWAYS AS (
        CASE WHEN feed_since IS NOT NULL OR asked && '{message.*,*}' THEN 127
             ELSE (asked && '{message.received}')::integer + 2 * (asked && '{message.accepted}')::integer
                  + 4 * (asked && '{message.sent}')::integer + 8 * (asked && '{message.failed}')::integer
                  + 16 * (asked && '{message.unconfirmed}')::integer + 32 * (asked && '{message.delivered}')::integer
                  + 64 * (asked && '{message.read}')::integer END) STORED
);
COMMENT ON TABLE event_wishes IS
    'Who asks for events, and for which: of who does not, none is written (core/events.sql). Each batch looks here once.';
COMMENT ON COLUMN event_wishes.asked IS
    'What the org''s endpoints ask for: types, message.* for all of that kind, * for all but meta.*.';
COMMENT ON COLUMN event_wishes.feed_since IS 'Since when it reads its feed, which has all but meta.*; null: it does not.';
COMMENT ON COLUMN event_wishes.wallet_low_at IS 'Below this a balance is low, and that is told; null: it never is.';
COMMENT ON COLUMN event_wishes.low_told_at IS 'When that was told last; null: not since money was paid in.';
COMMENT ON COLUMN event_wishes.empty_told_at IS
    'When it was told last that a send found too little in the wallet; null: not since money was paid in.';
COMMENT ON COLUMN event_wishes.types IS 'All that is written.';
COMMENT ON COLUMN event_wishes.asks IS
    'Of these what every batch looks for: 1 message.received, 2 accepted, 4 sent, 8 failed, 16 unconfirmed, 32 delivered, 64 read.';

CREATE TABLE events (
    org_id     uuid NOT NULL,
    id         uuid NOT NULL,
    xact       xid8 NOT NULL DEFAULT pg_current_xact_id(),
    type       text NOT NULL,
    channel_id uuid,
    contact_id bigint,
    message_id uuid,
    data       jsonb,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (org_id, xact, id)
);
COMMENT ON TABLE events IS
    'What orgs are told. Never changed; gone after some weeks (worker/delete_events.sql). Who reads them follows (xact, id), '
    'below pg_snapshot_xmin: so that what commits late is never skipped. What stands in a message or a contact stands '
    'there alone, and is put in when an event is read (event_data): what is erased there is gone here.';
COMMENT ON COLUMN events.id IS 'A UUIDv7 of when it was written: what tells it from all others, also to who is told twice.';
COMMENT ON COLUMN events.xact IS 'The transaction that has written it.';
COMMENT ON COLUMN events.type IS
    'message.delivered and so on (event_types); meta.messages and so on: a webhook of Meta''s, as it came (event_changes).';
COMMENT ON COLUMN events.channel_id IS 'The channel that it is about; null: none.';
COMMENT ON COLUMN events.contact_id IS 'The contact that it is about, also one that turned out to be another; null: none.';
COMMENT ON COLUMN events.message_id IS 'The message that it is about; null: none.';
COMMENT ON COLUMN events.data IS 'What else there is to tell, and nothing of persons; null: nothing.';
COMMENT ON COLUMN events.created_at IS 'When it was written.';
-- In the order in which all of them are passed on, and deleted.
CREATE INDEX events_order ON events (xact, id);

CREATE TABLE event_changes (
    org_id     uuid NOT NULL,
    event_id   uuid NOT NULL,
    message_id uuid,
    body       json NOT NULL,
    PRIMARY KEY (org_id, event_id)
);
COMMENT ON TABLE event_changes IS
    'Of events meta.*: what Meta has posted, as far as it is about this one thing, for endpoints that take Meta''s webhooks. '
    'Apart from events, which name no persons.';
COMMENT ON COLUMN event_changes.event_id IS 'Of which event.';
COMMENT ON COLUMN event_changes.message_id IS 'The message that it is about; null: none.';
COMMENT ON COLUMN event_changes.body IS 'A webhook''s body, of one entry with one change; {}: it was erased.';
CREATE INDEX event_changes_message ON event_changes (message_id) WHERE message_id IS NOT NULL;

CREATE TYPE event_readers AS ( -- of a batch's orgs those that are told what becomes of their messages; null: none
    sent uuid[], failed uuid[], unconfirmed uuid[], delivered uuid[], read uuid[]
);
-- What a message's statuses bring that was not known before: 4 sent, 8 failed, 32 delivered, 64 read.
ALTER TYPE status_sum ADD ATTRIBUTE news integer;
