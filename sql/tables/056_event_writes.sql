-- All events are followed, and deleted, in the order of their transactions: by a row for each transaction that has written
-- any, in the place of an entry for each event in an index of its own. That was a quarter of what it takes to write one.
CREATE TABLE event_writes (
    xact    xid8 PRIMARY KEY,
    org_ids uuid[] NOT NULL
);
COMMENT ON TABLE event_writes IS
    'Which transactions have written events, and of which orgs: by it they are found in the order of (xact, id) '
    '(core/events.sql). Gone with the events.';
COMMENT ON COLUMN event_writes.xact IS 'The transaction.';
COMMENT ON COLUMN event_writes.org_ids IS
    'The orgs, some of them more than once. Of the transaction 0 none: its events have an index of their own.';
INSERT INTO event_writes (xact, org_ids)
SELECT e.xact, CASE WHEN e.xact > '0' THEN array_agg(DISTINCT e.org_id) ELSE '{}' END FROM events e GROUP BY e.xact;
DROP INDEX events_order;
-- What was loaded from a dump, and may be all that there is, is of the transaction 0 (rewind_events).
CREATE INDEX events_rewound ON events (id) WHERE xact = '0';

-- Who asks is looked up for each event.
DROP TYPE event_readers CASCADE;
