-- Deliveries: each event on its way to each endpoint that asks for it.

-- delivery_delay: how long after an attempt that failed, the p_step-th, the next one is made; NULL: there is none. Jitter
-- keeps what failed together from coming together. What Retry-After asks for (0: nothing) is heeded up to the longest.
CREATE OR REPLACE FUNCTION delivery_delay(p_step integer, p_retry_after_s bigint) RETURNS interval
LANGUAGE sql VOLATILE
RETURN greatest((ARRAY['5 s', '5 min', '30 min', '2 h', '5 h', '10 h', '14 h', '20 h', '24 h']::interval[])[p_step]
                * (0.9 + 0.2 * random()),
                CASE WHEN p_step < 10 THEN make_interval(secs => least(p_retry_after_s, 86400)) END);

-- most_attempts: how often an event is posted to one endpoint at the most, however often its org has it sent again: of each
-- attempt there is a row with up to a kilobyte of the answer, which is shown with all others. Five times the whole schedule.
CREATE OR REPLACE FUNCTION most_attempts() RETURNS integer
LANGUAGE sql IMMUTABLE
RETURN 50;

-- is_told: does the endpoint ask for this event?
CREATE OR REPLACE FUNCTION is_told(p_endpoint endpoints, p_event events) RETURNS boolean
LANGUAGE sql STABLE AS $$
    SELECT (p_endpoint).deleted_at IS NULL AND (p_event).created_at >= (p_endpoint).created_at
           AND CASE WHEN (p_event).type = 'endpoint.test' THEN (p_event).data ->> 'endpoint_id' = (p_endpoint).id::text
                    ELSE is_asked((p_endpoint).types, (p_event).type)
                         AND ((p_endpoint).channel_ids IS NULL OR (p_event).channel_id IS NULL
                              OR (p_event).channel_id = ANY ((p_endpoint).channel_ids)) END;
$$;

-- fanned_out: the last event that was fanned out; before all others if none was. next_events: those of all orgs that are next,
-- up to p_limit.
CREATE OR REPLACE FUNCTION fanned_out(OUT xact xid8, OUT event_id uuid)
LANGUAGE sql STABLE AS $$
    SELECT coalesce(f.xact, '0'), coalesce(f.event_id, '00000000-0000-0000-0000-000000000000')
      FROM (SELECT 1) one LEFT JOIN LATERAL (SELECT f.xact, f.event_id FROM fan_outs f ORDER BY f.n DESC LIMIT 1) f ON true;
$$;

CREATE OR REPLACE FUNCTION next_events(p_limit bigint) RETURNS SETOF events
LANGUAGE sql STABLE AS $$
    SELECT e.* FROM fanned_out() f CROSS JOIN LATERAL events_after(f.xact, f.event_id, p_limit) e;
$$;

-- room_of: how many more an endpoint may have at once, of the rooms that a worker knows; p_room of one that it does not.
CREATE OR REPLACE FUNCTION room_of(p_id uuid, p_ids uuid[], p_rooms bigint[], p_room bigint) RETURNS bigint
LANGUAGE sql IMMUTABLE
RETURN coalesce(p_rooms[array_position(p_ids, p_id)], p_room);

-- places_of: how many places of a worker an event takes on its way (event_changes.places).
CREATE OR REPLACE FUNCTION places_of(p_org_id uuid, p_event_id uuid) RETURNS integer
LANGUAGE sql STABLE AS $$
    SELECT coalesce((SELECT x.places FROM event_changes x WHERE x.org_id = p_org_id AND x.event_id = p_event_id), 1);
$$;

-- to_post: what is posted of deliveries that are claimed, as a worker gets it; nothing to an endpoint that was deleted
-- meanwhile, whose secret is gone. A body that is NULL was erased.
CREATE OR REPLACE FUNCTION to_post(p_org_ids uuid[], p_endpoint_ids uuid[], p_event_ids uuid[], p_xacts xid8[])
RETURNS TABLE (org_id uuid, endpoint_id uuid, event_id uuid, name text, url text, format text, secret text, old_secret text,
               body text)
LANGUAGE sql STABLE AS $$
    SELECT i.org_id, i.endpoint_id, i.event_id, event_name(i.event_id), p.url, p.format, p.secret,
           CASE WHEN p.old_secret_until > now() THEN p.old_secret END, event_body(e)
      FROM unnest(p_org_ids, p_endpoint_ids, p_event_ids, p_xacts) WITH ORDINALITY
           AS i (org_id, endpoint_id, event_id, xact, place)
      JOIN endpoints p ON p.org_id = i.org_id AND p.id = i.endpoint_id AND p.deleted_at IS NULL
      LEFT JOIN events e ON e.org_id = i.org_id AND e.xact = i.xact AND e.id = i.event_id
     ORDER BY i.place;
$$;

-- next_waiting: the endpoint that follows this one, of those for which anything waits, now or later.
CREATE OR REPLACE FUNCTION next_waiting(p_after uuid) RETURNS uuid
LANGUAGE sql STABLE AS $$
    SELECT d.endpoint_id FROM deliveries d
     WHERE d.next_at IS NOT NULL AND d.endpoint_id > p_after ORDER BY d.endpoint_id LIMIT 1;
$$;

-- under_way_until: what is due by then may be under way: a worker has it for so long.
CREATE OR REPLACE FUNCTION under_way_until() RETURNS timestamptz
LANGUAGE sql STABLE
RETURN now() + interval '1 minute';

-- hurry_some: of what waits for another attempt at an endpoint the next p_limit are due now. Returns how many.
CREATE OR REPLACE FUNCTION hurry_some(p_org_id uuid, p_id uuid, p_limit bigint) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
    v_ids CONSTANT uuid[] := ARRAY(
        SELECT d.event_id FROM deliveries d
         WHERE d.org_id = p_org_id AND d.endpoint_id = p_id AND d.next_at > under_way_until()
         ORDER BY d.next_at LIMIT p_limit);
BEGIN
    UPDATE deliveries d SET step = 0, next_at = now()
     WHERE d.org_id = p_org_id AND d.endpoint_id = p_id AND d.event_id = ANY (v_ids) AND d.state = 'pending';
    RETURN cardinality(v_ids);
END $$;

-- behind_all_events: what endpoints.recover_from is where nothing that was given up is to be tried again, but what waits for
-- another attempt is due now: behind the last event there can be.
CREATE OR REPLACE FUNCTION behind_all_events() RETURNS uuid
LANGUAGE sql IMMUTABLE
RETURN 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid;

-- recover_some: of an endpoint whose org does not want to wait, the next p_limit: what was given up is tried again, oldest first,
-- and then what waits for another attempt is due now.
-- Whose turn it is is left to chance, so that nobody who asks again and again is always before others.
CREATE OR REPLACE FUNCTION recover_some(p_limit bigint) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    v_endpoint endpoints;
    v_ids      uuid[];
    v_next     uuid;
BEGIN
    SELECT * INTO v_endpoint FROM endpoints p
     WHERE p.recover_from IS NOT NULL ORDER BY random() LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    v_ids := ARRAY(SELECT d.event_id FROM deliveries d
                    WHERE d.org_id = v_endpoint.org_id AND d.endpoint_id = v_endpoint.id AND d.state = 'failed'
                      AND d.attempts < most_attempts() AND d.event_id >= v_endpoint.recover_from ORDER BY d.event_id LIMIT p_limit);
    UPDATE deliveries d SET state = 'pending', step = 0, next_at = now()
     WHERE d.org_id = v_endpoint.org_id AND d.endpoint_id = v_endpoint.id AND d.event_id = ANY (v_ids) AND d.state = 'failed';
    IF cardinality(v_ids) = p_limit THEN
        v_next := v_ids[p_limit];
    ELSIF hurry_some(v_endpoint.org_id, v_endpoint.id, p_limit) = p_limit THEN
        v_next := behind_all_events();
    END IF;
    UPDATE endpoints p SET recover_from = v_next WHERE p.org_id = v_endpoint.org_id AND p.id = v_endpoint.id;
END $$;

-- delivery_document: how far an event is on its way to an endpoint, with all attempts.
CREATE OR REPLACE FUNCTION delivery_document(p_delivery deliveries) RETURNS json
LANGUAGE sql STABLE AS $$
    SELECT json_build_object(
               'event_id', event_name((p_delivery).event_id), 'type', e.type, 'message_id', (p_delivery).message_id,
               'state', (p_delivery).state, 'created_at', time_text(e.created_at),
               'next_attempt_at', time_text((p_delivery).next_at),
               'attempts', coalesce((
                   SELECT json_agg(json_build_object('attempt', a.attempt, 'at', time_text(a.at), 'outcome', a.outcome,
                                                     'status', a.status, 'duration_ms', a.took_ms, 'answer', a.answer)
                                   ORDER BY a.attempt)
                     FROM delivery_attempts a
                    WHERE a.org_id = (p_delivery).org_id AND a.endpoint_id = (p_delivery).endpoint_id
                      AND a.event_id = (p_delivery).event_id), '[]'))
      FROM (VALUES (1)) one
      LEFT JOIN events e ON e.org_id = (p_delivery).org_id AND e.xact = (p_delivery).event_xact
                        AND e.id = (p_delivery).event_id;
$$;

-- event_id_named: the id of an event by its name outside, or a refusal.
CREATE OR REPLACE FUNCTION event_id_named(p_name text) RETURNS uuid
LANGUAGE plpgsql AS $$
BEGIN
    IF p_name !~ '^evt_[0-9a-f]{32}$' THEN
        PERFORM refuse('not_found', NULL, 'The endpoint has no such delivery');
    END IF;
    RETURN right(p_name, 32)::uuid;
END $$;

-- follow_deliveries: what follows for endpoints from what came of attempts there (as settle_deliveries has them). Only a
-- change is written: of an endpoint that takes what comes, or that fails as it did, nothing is.
CREATE OR REPLACE FUNCTION follow_deliveries(p_org_ids uuid[], p_endpoint_ids uuid[], p_outcomes text[]) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    c_warned_after   CONSTANT interval := '2 days';
    c_disabled_after CONSTANT interval := '5 days';
    c_notice         CONSTANT interval := '1 day'; -- at the least between the two
    v_changed        record;
BEGIN
    FOR v_changed IN
        SELECT p.*, o.some_came, o.is_gone
          FROM (SELECT i.org_id, i.endpoint_id, bool_or(i.outcome IN ('delivered', 'aborted')) AS some_came,
                       bool_or(i.outcome = 'gone') AS is_gone
                  FROM unnest(p_org_ids, p_endpoint_ids, p_outcomes) AS i (org_id, endpoint_id, outcome)
                 WHERE i.outcome NOT IN ('erased', 'not_signed') GROUP BY 1, 2) o
          JOIN endpoints p ON p.org_id = o.org_id AND p.id = o.endpoint_id
         WHERE p.state = 'active' AND p.deleted_at IS NULL
           AND (o.is_gone OR o.some_came <> (p.failing_since IS NULL)
                OR NOT o.some_came AND p.failing_since < now() - c_warned_after
                   AND (p.warned_at IS NULL
                        OR p.failing_since < now() - c_disabled_after AND p.warned_at < now() - c_notice))
         ORDER BY p.org_id, p.id FOR NO KEY UPDATE OF p
    LOOP
        IF v_changed.is_gone THEN
            PERFORM disable_endpoints(ARRAY[v_changed.org_id], ARRAY[v_changed.id],
                                      ARRAY['It has answered 410: it wants nothing any more']);
        ELSIF v_changed.some_came THEN
            UPDATE endpoints p SET failing_since = NULL, warned_at = NULL
             WHERE p.org_id = v_changed.org_id AND p.id = v_changed.id;
            PERFORM end_endpoint_alerts(v_changed.org_id, v_changed.id);
        ELSIF v_changed.failing_since IS NULL THEN
            UPDATE endpoints p SET failing_since = now() WHERE p.org_id = v_changed.org_id AND p.id = v_changed.id;
        ELSIF v_changed.warned_at IS NOT NULL THEN
            PERFORM disable_endpoints(ARRAY[v_changed.org_id], ARRAY[v_changed.id],
                                      ARRAY['Nothing has come there for 5 days']);
        ELSE
            UPDATE endpoints p SET warned_at = now() WHERE p.org_id = v_changed.org_id AND p.id = v_changed.id;
            INSERT INTO alerts (org_id, endpoint_id, kind, outcome, message, advice)
            VALUES (v_changed.org_id, v_changed.id, 'endpoint_failing', 'endpoint:failing',
                    'Nothing has come there since ' || time_text(v_changed.failing_since),
                    'It is disabled after 5 days of this: look at its last attempts (GET /api/endpoints/{id}/deliveries)')
            ON CONFLICT DO NOTHING;
        END IF;
    END LOOP;
END $$;

-- rewind_deliveries: what rewind_events (core/restored.sql) has done to events is done to their deliveries, and all events
-- are looked through again: deliveries that are there are not made twice.
CREATE OR REPLACE FUNCTION rewind_deliveries() RETURNS void
LANGUAGE sql AS $$
    UPDATE deliveries d SET event_xact = '0' WHERE d.event_xact > pg_current_xact_id();
    DELETE FROM fan_outs f WHERE (SELECT max(l.xact::text::numeric) FROM fan_outs l) > pg_current_xact_id()::text::numeric;
$$;
