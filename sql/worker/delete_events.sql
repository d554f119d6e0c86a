-- delete_events: those that are older, and what Meta has posted of them, the oldest first; returns how many. (The session
-- that holds the janitor's lock remembers how far it came: what it has deleted stays in the index while anybody holds a
-- snapshot.)
CREATE OR REPLACE FUNCTION delete_events(p_age_s bigint, p_limit bigint) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
DECLARE
    v_before timestamptz := clock_timestamp() - p_age_s * interval '1 second';
    v_from   xid8 := coalesce(nullif(current_setting('tollgate.events_deleted', true), ''), '0')::xid8;
    v_old    record; -- of each an array
BEGIN
    SELECT array_agg(o.org_id) AS orgs, array_agg(o.xact) AS xacts, array_agg(o.id) AS ids,
           (array_agg(o.xact ORDER BY o.xact DESC))[1] AS last
      INTO v_old
      FROM events_in_order(v_from, '00000000-0000-0000-0000-000000000000', pg_snapshot_xmax(pg_current_snapshot()), p_limit) o
     WHERE o.created_at < v_before;
    IF v_old.ids IS NULL THEN
        RETURN 0;
    END IF;
    DELETE FROM event_change_messages k USING unnest(v_old.orgs, v_old.ids) AS i (org_id, id)
     WHERE k.org_id = i.org_id AND k.event_id = i.id;
    DELETE FROM event_changes x USING unnest(v_old.orgs, v_old.ids) AS i (org_id, id)
     WHERE x.org_id = i.org_id AND x.event_id = i.id;
    DELETE FROM events e USING unnest(v_old.orgs, v_old.xacts, v_old.ids) AS i (org_id, xact, id)
     WHERE e.org_id = i.org_id AND e.xact = i.xact AND e.id = i.id;
    DELETE FROM event_writes w
     WHERE w.xact > '0' AND w.xact >= v_from AND w.xact <= v_old.last
       AND NOT EXISTS (SELECT FROM events e WHERE e.org_id = ANY (w.org_ids) AND e.xact = w.xact);
    IF current_setting('tollgate.remembers_looks', true) = 'yes' THEN
        PERFORM set_config('tollgate.events_deleted', v_old.last::text, false);
    END IF;
    RETURN cardinality(v_old.ids);
END $$;
