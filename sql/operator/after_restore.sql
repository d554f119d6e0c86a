-- after_restore: what deploy/after-restore does to a database that was restored from a backup, before any daemon is
-- started: messages that may have left since the backup become unconfirmed, so that nothing is posted twice, and the
-- database is at home here. A row for each org: how many these are, how many wait for a later send_at of their own,
-- how many deliveries are awaited no more (they may have been told of since), and how its ledger stands. Campaigns that
-- had not ended are cancelled. No row, and a NOTICE, for one that was not restored.
CREATE OR REPLACE FUNCTION after_restore(
    p_until timestamptz DEFAULT NULL,       -- when the gateway that was lost stopped; NULL: now
    p_nothing_lost boolean DEFAULT false,   -- nothing ran since the backup: only the home is another
    p_any_timeline boolean DEFAULT false,   -- that a standby is promoted does not count from now on
    p_anyway boolean DEFAULT false          -- a restore that cannot be seen, such as of a copy of the files
) RETURNS TABLE (org_id uuid, org text, unconfirmed bigint, waiting bigint, awaited bigint, newest_booking timestamptz,
                 balance text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
#variable_conflict use_column
DECLARE
    v_until   timestamptz := coalesce(p_until, clock_timestamp());
    v_orgs    uuid[];
    v_counts  bigint[];
    v_awaited uuid[] := '{}';
    v_newest  timestamptz := (SELECT m.created_at FROM messages m WHERE m.origin IS NULL ORDER BY m.id DESC LIMIT 1);
BEGIN
    PERFORM expect_no_daemons();
    -- A slip of the pen would have messages posted twice, or not at all.
    IF p_until < v_newest OR p_until > clock_timestamp() + interval '1 hour' THEN
        RAISE invalid_parameter_value
            USING MESSAGE = format('the gateway that was lost cannot have stopped at %s', p_until),
                  HINT = format('It took a message at %s, and now is %s.', v_newest, clock_timestamp());
    END IF;
    LOCK TABLE outbox, restores IN ACCESS EXCLUSIVE MODE;
    IF NOT (is_restored() OR p_anyway) THEN
        RAISE NOTICE 'this database was not restored since %: no message was touched', (SELECT max(r.at) FROM restores r);
        IF p_any_timeline THEN
            UPDATE restores r SET timeline = NULL WHERE r.n = (SELECT max(l.n) FROM restores l);
        END IF;
        RETURN;
    END IF;
    IF NOT p_nothing_lost THEN
        SELECT array_agg(u.org_id), array_agg(u.n) INTO v_orgs, v_counts FROM unconfirm_restored(v_until) u;
        PERFORM end_campaigns_restored();
        WITH gone AS (DELETE FROM awaited a RETURNING a.org_id)
        SELECT coalesce(array_agg(g.org_id), '{}') INTO v_awaited FROM gone g;
    END IF;
    PERFORM rewind_events(), rewind_deliveries();
    INSERT INTO restores (system_identifier, table_oid, timeline, until, unconfirmed)
    SELECT w.system_identifier, w.table_oid, CASE WHEN NOT p_any_timeline THEN w.timeline END,
           CASE WHEN NOT p_nothing_lost THEN v_until END,
           CASE WHEN NOT p_nothing_lost THEN coalesce((SELECT sum(c) FROM unnest(v_counts) c), 0) END
      FROM whereabouts() w;
    RETURN QUERY
    SELECT o.id, o.name, coalesce(v_counts[array_position(v_orgs, o.id)], 0),
           (SELECT count(*) FROM outbox u WHERE u.org_id = o.id),
           (SELECT count(*) FROM unnest(v_awaited) a WHERE a = o.id),
           (SELECT t.created_at FROM wallet_transactions t WHERE t.org_id = o.id ORDER BY t.n DESC LIMIT 1),
           (SELECT money_text(w.balance) FROM wallets w WHERE w.org_id = o.id)
      FROM organizations o ORDER BY o.name, o.id;
END $$;
