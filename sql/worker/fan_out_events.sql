-- fan_out_events: makes deliveries of the next p_limit events, for each endpoint that asks for them, and claims for
-- p_lease_s those that the worker that asks has room for (room_of), which it gets: they take p_most places at the most, one
-- each, but for what Meta has posted, which may be long (event_changes.places). One worker
-- does at a time: another gets nothing, without waiting. What commits late is never skipped (events_after); an endpoint
-- that is disabled has its deliveries all the same, for later.
--
-- Where there were events a last row says so, which names no org: `left` in the place of a name means that some of the
-- deliveries can be claimed.
CREATE OR REPLACE FUNCTION fan_out_events(p_limit bigint, p_most bigint, p_lease_s bigint, p_room bigint, p_endpoint_ids uuid[],
                                          p_rooms bigint[])
RETURNS TABLE (org_id uuid, endpoint_id uuid, event_id uuid, name text, url text, format text, secret text, old_secret text,
               body text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
DECLARE
    v_from fan_outs;
    v_mine record;
BEGIN
    IF NOT EXISTS (SELECT FROM next_events(1)) THEN -- (A lock is written, and flushed; each worker asks ten times a second.)
        RETURN;
    END IF;
    PERFORM FROM fan_out_lock FOR UPDATE SKIP LOCKED;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    SELECT * INTO v_from FROM fan_outs f ORDER BY f.n DESC LIMIT 1;
    WITH taken AS MATERIALIZED (
        SELECT e AS event, e.org_id, e.xact, e.id, e.message_id
          FROM next_events(p_limit) e
    ), moved AS (
        INSERT INTO fan_outs (xact, event_id) SELECT t.xact, t.id FROM taken t ORDER BY t.xact DESC, t.id DESC LIMIT 1
    ), gone AS (
        DELETE FROM fan_outs f WHERE f.n = v_from.n AND EXISTS (SELECT FROM taken)
    ), asked AS (
        SELECT p.org_id, p.id AS endpoint_id, t.xact, t.id, t.message_id, places_of(t.org_id, t.id) AS places,
               p.state = 'active' AS is_active,
               row_number() OVER (PARTITION BY p.org_id, p.id, p.state = 'active' ORDER BY t.xact, t.id)
               <= room_of(p.id, p_endpoint_ids, p_rooms, p_room) AS has_room
          FROM taken t JOIN endpoints p ON p.org_id = t.org_id
         WHERE is_told(p, t.event)
    ), shared AS (
        SELECT a.*, a.is_active AND a.has_room
                    AND sum(a.places) OVER (ORDER BY a.is_active AND a.has_room DESC, a.xact, a.id, a.endpoint_id) <= p_most
                    AS is_mine
          FROM asked a
    ), made AS (
        INSERT INTO deliveries AS d (org_id, endpoint_id, event_id, event_xact, message_id, next_at)
        SELECT a.org_id, a.endpoint_id, a.id, a.xact, a.message_id,
               now() + CASE WHEN a.is_mine THEN make_interval(secs => p_lease_s) ELSE interval '0' END
          FROM shared a ORDER BY a.org_id, a.endpoint_id, a.id
        ON CONFLICT DO NOTHING
        RETURNING d.org_id, d.endpoint_id, d.event_id, d.event_xact, d.next_at
    )
    SELECT (SELECT count(*) FROM taken) AS taken,
           (SELECT count(*) FROM shared a WHERE a.is_active AND NOT a.is_mine) AS others,
           array_agg(m.org_id) AS org_ids, array_agg(m.endpoint_id) AS endpoint_ids, array_agg(m.event_id) AS event_ids,
           array_agg(m.event_xact) AS xacts
      INTO v_mine
      FROM (SELECT m.* FROM made m WHERE m.next_at > now() ORDER BY m.event_xact, m.event_id, m.endpoint_id) m;
    RETURN QUERY SELECT * FROM to_post(v_mine.org_ids, v_mine.endpoint_ids, v_mine.event_ids, v_mine.xacts);
    IF v_mine.taken > 0 THEN
        name := CASE WHEN v_mine.others > 0 THEN 'left' END;
        RETURN NEXT;
    END IF;
END $$;
