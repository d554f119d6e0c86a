-- Which API key is which, and whether the database is one that was restored from a backup.

ALTER TABLE api_keys ADD COLUMN prefix text;
COMMENT ON COLUMN api_keys.id IS 'To be revoked by, as by its name.';
COMMENT ON COLUMN api_keys.name IS
    'For people, and to be revoked by. Of an org''s keys that are good one has it; from before that was so, several may.';
COMMENT ON COLUMN api_keys.prefix IS 'How the key begins, to tell it by; null: made before that was kept.';

CREATE TABLE restores (
    n                 bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    at                timestamptz NOT NULL DEFAULT clock_timestamp(),
    actor             text NOT NULL DEFAULT session_user,
    system_identifier bigint NOT NULL,
    table_oid         oid NOT NULL,
    timeline          bigint,
    until             timestamptz,
    unconfirmed       bigint
);
COMMENT ON TABLE restores IS
    'Where the database is at home: the newest row says it. One that is found elsewhere is a restored one, and nothing '
    'leaves until deploy/after-restore has written a new row (core/restored.sql).';
COMMENT ON COLUMN restores.n IS 'The largest is the newest.';
COMMENT ON COLUMN restores.at IS 'When it was written.';
COMMENT ON COLUMN restores.actor IS 'The role that was connected.';
COMMENT ON COLUMN restores.system_identifier IS 'Of the PostgreSQL server: another one has another.';
COMMENT ON COLUMN restores.table_oid IS 'Of this table: what pg_restore makes has another.';
COMMENT ON COLUMN restores.timeline IS
    'Of the server: restoring to a point in time, and promoting a standby, begins another. Null: that does not count.';
COMMENT ON COLUMN restores.until IS 'What was to leave later than then was let alone; null: the row is no restore''s.';
COMMENT ON COLUMN restores.unconfirmed IS 'How many messages it has made unconfirmed; null: it is no restore''s.';
INSERT INTO restores (system_identifier, table_oid, timeline)
SELECT s.system_identifier, 'restores'::regclass,
       ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::bigint
  FROM pg_control_system() s;
