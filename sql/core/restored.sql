-- Whether the database is one that was restored from a backup. Messages that stand in its outbox may have left since
-- that was made: nothing may leave until after_restore has dealt with them (I5).

-- whereabouts: where this database is, as the table restores keeps it.
CREATE OR REPLACE FUNCTION whereabouts()
RETURNS TABLE (system_identifier bigint, table_oid oid, timeline bigint)
LANGUAGE sql VOLATILE AS $$
    SELECT s.system_identifier, 'restores'::regclass::oid,
           ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::bigint
      FROM pg_control_system() s;
$$;

-- expect_home: refuses a database that was restored, as one that is not ready yet: daemons wait and try again.
-- What a session has once seen to be at home it need not ask again, as it does not outlive a restore: it asks while
-- its tollgate.is_home is not `yes`.
CREATE OR REPLACE FUNCTION expect_home() RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    IF is_restored() THEN
        RAISE cannot_connect_now
            USING MESSAGE = 'the database was restored from a backup: run deploy/after-restore first',
                  HINT = 'docs/backup.md says when and why.';
    END IF;
    PERFORM set_config('tollgate.is_home', 'yes', false);
END $$;

-- expect_no_daemons: refuses to go on while any is connected.
CREATE OR REPLACE FUNCTION expect_no_daemons() RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    v_names text := (SELECT string_agg(DISTINCT coalesce(nullif(a.application_name, ''), a.usename), ', ')
                       FROM pg_stat_activity a
                      WHERE a.datname = current_database() AND a.pid <> pg_backend_pid()
                        AND (a.usename IN ('tollgate_ingress', 'tollgate_worker', 'tollgate_operator')
                             OR a.application_name ~ '^tollgate(-ingress|-worker| readiness)'));
BEGIN
    IF v_names IS NOT NULL THEN
        RAISE object_in_use
            USING MESSAGE = format('daemons are connected (%s): nothing was changed', v_names),
                  HINT = 'Stop every ingress and worker first.';
    END IF;
END $$;

-- unconfirm_restored: what stands in the outbox and may have left by p_until becomes unconfirmed: a status of Meta's
-- tells of it, or it fails and is refunded like any that is unheard of. Only what waits for its own send_at, and has
-- no place in a line yet, leaves no earlier than its time; a slot may have been moved up since, and so may what was
-- parked. Returns how many by org.
CREATE OR REPLACE FUNCTION unconfirm_restored(p_until timestamptz) RETURNS TABLE (org_id uuid, n bigint)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    c_words CONSTANT text := 'The database was restored from a backup: whether it had left by then is not known';
BEGIN
    RETURN QUERY
    WITH gone AS (
        DELETE FROM outbox o WHERE o.seq IS NOT NULL OR o.due_at <= p_until OR o.due_at = 'infinity'
        RETURNING o.*
    ), tried AS (
        INSERT INTO attempts (org_id, message_id, attempt, outcome, error_message, claimed_at)
        SELECT g.org_id, g.message_id, g.attempt, 'restored', c_words, g.claimed_at
          FROM gone g WHERE g.state = 'sending'
    ), told AS (
        UPDATE messages m
           SET status = 'unconfirmed', unconfirmed_at = clock_timestamp(), attempts = g.attempt,
               error_code = 'restored', error_message = c_words
          FROM gone g WHERE m.id = g.message_id AND m.org_id = g.org_id
        RETURNING m.org_id
    )
    SELECT t.org_id, count(*) FROM told t GROUP BY t.org_id;
END $$;

-- rewind_events: events of transactions that this server has not come to yet, since it counts them from elsewhere (it was
-- loaded from a dump), are as if they were written before all others: else nobody would be told of them.
CREATE OR REPLACE FUNCTION rewind_events() RETURNS void
LANGUAGE sql AS $$
    DELETE FROM event_writes w WHERE w.xact > pg_current_xact_id();
    INSERT INTO event_writes (xact, org_ids) VALUES ('0', '{}') ON CONFLICT DO NOTHING;
    WITH gone AS (
        DELETE FROM events e WHERE e.xact > pg_current_xact_id() RETURNING e.*
    )
    INSERT INTO events (org_id, id, xact, type, channel_id, contact_id, message_id, data, created_at)
    SELECT g.org_id, g.id, '0', g.type, g.channel_id, g.contact_id, g.message_id, g.data, g.created_at FROM gone g;
$$;
