-- claim_deliveries: deliveries whose time has come, that take up to p_limit places (as in fan_out_events), of each active endpoint so many as the worker has room
-- for (room_of), oldest first; endpoints in turn, from the one behind p_after on. They are claimed for p_lease_s: what is not
-- settled by then, as its worker is gone, is due again.
--
-- (Where the dead stand at the left end of an index, and somebody holds a snapshot, a look goes on from where the one before
-- has left nothing: core/looks.sql.)
CREATE OR REPLACE FUNCTION claim_deliveries(p_limit bigint, p_lease_s bigint, p_room bigint, p_after uuid, p_endpoint_ids uuid[],
                                            p_rooms bigint[])
RETURNS TABLE (org_id uuid, endpoint_id uuid, event_id uuid, name text, url text, format text, secret text, old_secret text,
               body text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
DECLARE
    v_began CONSTANT timestamptz := clock_timestamp();
    v_from  CONSTANT timestamptz := look_from('deliveries');
    v_at             uuid;
    v_org            uuid;
    v_room           bigint;
    v_free           bigint := p_limit; -- places
    v_left           boolean := p_after > '00000000-0000-0000-0000-000000000000';
    v_of             record;
    v_orgs           uuid[] := '{}';
    v_endpoints      uuid[] := '{}';
    v_events         uuid[] := '{}';
    v_xacts          xid8[] := '{}';
BEGIN
    PERFORM set_config('tollgate.remembers_looks', 'yes', false), recover_some(1000);
    v_at := next_waiting(p_after);
    WHILE v_at IS NOT NULL AND v_free > 0 LOOP
        v_room := least(room_of(v_at, p_endpoint_ids, p_rooms, p_room), v_free);
        SELECT array_agg(d.org_id ORDER BY d.until) FILTER (WHERE d.fits) AS orgs,
               array_agg(d.event_id ORDER BY d.until) FILTER (WHERE d.fits) AS events,
               array_agg(d.event_xact ORDER BY d.until) FILTER (WHERE d.fits) AS xacts,
               sum(d.places) FILTER (WHERE d.fits) AS places, count(*) FILTER (WHERE d.fits) AS n, count(*) AS found
          INTO v_of
          FROM (SELECT d.*, d.until <= v_free AS fits FROM (
                SELECT d.*, x.places, sum(x.places) OVER (ORDER BY d.next_at, d.event_xact, d.event_id) AS until
                  FROM (SELECT d.org_id, d.event_id, d.event_xact, d.next_at FROM deliveries d
                          JOIN endpoints p ON p.org_id = d.org_id AND p.id = d.endpoint_id AND p.state = 'active'
                         WHERE d.endpoint_id = v_at AND d.next_at BETWEEN v_from AND now()
                         ORDER BY d.next_at, d.event_xact, d.event_id LIMIT v_room FOR UPDATE OF d SKIP LOCKED) d
                 CROSS JOIN LATERAL places_of(d.org_id, d.event_id) AS x (places)) d) d;
        IF v_of.n > 0 THEN
            v_orgs := v_orgs || v_of.orgs;
            v_endpoints := v_endpoints || array_fill(v_at, ARRAY[v_of.n::integer]);
            v_events := v_events || v_of.events;
            v_xacts := v_xacts || v_of.xacts;
            v_free := v_free - v_of.places;
        END IF;
        v_left := v_left OR v_of.n = v_room OR v_of.n < v_of.found;
        v_at := next_waiting(v_at);
    END LOOP;
    IF NOT v_left THEN
        PERFORM keep_look('deliveries', v_began, v_from, now());
    END IF;
    IF cardinality(v_orgs) = 0 THEN -- mostly so, and to make ready for the rest takes as long as all of the above
        RETURN;
    END IF;
    UPDATE deliveries d SET next_at = now() + make_interval(secs => p_lease_s)
      FROM unnest(v_orgs, v_endpoints, v_events) AS i (org_id, endpoint_id, event_id)
     WHERE d.org_id = i.org_id AND d.endpoint_id = i.endpoint_id AND d.event_id = i.event_id;
    RETURN QUERY SELECT * FROM to_post(v_orgs, v_endpoints, v_events, v_xacts);
END $$;
