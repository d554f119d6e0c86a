-- What of the events could not be applied. A row is tried again while its retry_at is set: a worker takes
-- it, applies its body like any event's, records here what failed again, and in the end ends the rows that
-- did not. All of that may be several transactions.

-- record_dead_events: keeps what could not be applied now. A status that fits no message may only be early
-- (its message may be settling at this moment): it is tried again for a while, 1, 2, 4 and 8 s later. The
-- same body stands here once.
CREATE OR REPLACE FUNCTION record_dead_events(
    p_taken            bigint[], -- rows of take_dead_events that are being applied: no others change
    p_bodies           bytea[],
    p_reasons          text[],
    p_phone_number_ids text[],   -- NULL: none is named
    p_tries            bigint[]  -- so often it was tried before
) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp
AS $$
BEGIN
    INSERT INTO dead_events AS d (org_id, phone_number_id, reason, body, digest, tries, retry_at)
    SELECT DISTINCT ON (sha256(i.body)) c.org_id, i.phone_number_id, i.reason, i.body,
           sha256(i.body), i.tries + 1,
           CASE WHEN i.reason = 'unknown_message' AND i.tries < 4
                THEN now() + 2 ^ i.tries * interval '1 second' END
      FROM unnest(p_bodies, p_reasons, p_phone_number_ids, p_tries) AS i (body, reason,
                                                                          phone_number_id, tries)
      LEFT JOIN channels c ON c.phone_number_id = i.phone_number_id
     ORDER BY sha256(i.body), i.tries DESC
    ON CONFLICT (digest) DO UPDATE
       SET org_id = excluded.org_id, reason = excluded.reason, tries = excluded.tries,
           retry_at = excluded.retry_at
     WHERE d.id = ANY (p_taken);
END $$;

-- take_dead_events: up to p_limit rows that are to be tried again. Should their worker die, another one
-- gets them after half a minute: their retry_at is then, and says so long that they are this worker's.
CREATE OR REPLACE FUNCTION take_dead_events(p_limit bigint)
RETURNS TABLE (id bigint, body bytea, tries bigint, until_us bigint)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp
SET enable_seqscan = off
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    UPDATE dead_events d SET retry_at = now() + interval '30 seconds'
     WHERE d.id = ANY (ARRAY(SELECT e.id FROM dead_events e WHERE e.retry_at <= now()
                              ORDER BY e.retry_at LIMIT p_limit FOR UPDATE SKIP LOCKED))
    RETURNING d.id, d.body, d.tries::bigint, (extract(epoch FROM d.retry_at) * 1000000)::bigint;
END $$;

-- end_dead_events: ends rows of take_dead_events, all of whose items were applied or stand in rows of their
-- own. One whose retry_at is another one now stays: it failed again, is to be replayed, or is somebody
-- else's.
CREATE OR REPLACE FUNCTION end_dead_events(p_ids bigint[], p_until_us bigint[])
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp
SET enable_seqscan = off
AS $$
BEGIN
    DELETE FROM dead_events d USING unnest(p_ids, p_until_us) AS t (id, until_us)
     WHERE d.id = t.id AND (extract(epoch FROM d.retry_at) * 1000000)::bigint = t.until_us;
END $$;

-- replay_dead_events: has events applied again, once the reason why they could not be is gone (a number
-- has got its channel, say). NULL: any reason, any number. Returns how many; a worker does it at once.
CREATE OR REPLACE FUNCTION replay_dead_events(p_reason text DEFAULT NULL,
                                              p_phone_number_id text DEFAULT NULL)
RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp
AS $$
DECLARE
    v_events bigint;
BEGIN
    UPDATE dead_events SET retry_at = now(), tries = 0
     WHERE retry_at IS NULL
       AND (p_reason IS NULL OR reason = p_reason)
       AND (p_phone_number_id IS NULL OR phone_number_id = p_phone_number_id);
    GET DIAGNOSTICS v_events = ROW_COUNT;
    RETURN v_events;
END $$;
