-- What release_due_sends is made of. It works batch by batch: p_limit messages after the first p_skip ones,
-- which the janitor could not deal with in this round.

-- take_turns: more is due than fits into a batch. The channels share it, so that one's campaign does not keep
-- the messages of all others waiting; who waits longest comes first. Locks what it returns.
--
-- From channel to channel by one look-up each (a loose index scan), however much each has.
CREATE OR REPLACE FUNCTION take_turns(p_from timestamptz, p_now timestamptz, p_limit bigint, p_skip bigint)
RETURNS SETOF outbox LANGUAGE sql AS $$
    WITH RECURSIVE channel AS (
        (SELECT o.channel_id, o.look_at FROM outbox o WHERE o.look_at >= p_from
          ORDER BY o.channel_id, o.look_at LIMIT 1)
        UNION ALL
        SELECT n.channel_id, n.look_at
          FROM channel c
         CROSS JOIN LATERAL (
               SELECT o.channel_id, o.look_at FROM outbox o
                WHERE o.look_at >= p_from AND o.channel_id > c.channel_id
                ORDER BY o.channel_id, o.look_at LIMIT 1) n
    ), turn AS MATERIALIZED (
        SELECT c.channel_id, c.look_at FROM channel c
         WHERE c.look_at <= p_now ORDER BY c.look_at LIMIT p_limit OFFSET p_skip
    )
    SELECT o.* FROM turn t
     CROSS JOIN LATERAL (
           SELECT o.* FROM outbox o
            WHERE o.channel_id = t.channel_id AND o.look_at BETWEEN p_from AND p_now AND o.state = 'scheduled'
              AND o.due_at <= p_now AND o.not_after > p_now
            ORDER BY o.look_at, o.seq, o.message_id
            LIMIT (SELECT ceil(p_limit / nullif(count(*), 0)::numeric)::bigint FROM turn)
              FOR NO KEY UPDATE SKIP LOCKED) o
     LIMIT p_limit;
$$;

-- take_due: the messages that have been due for longest. Locks them.
CREATE OR REPLACE FUNCTION take_due(p_from timestamptz, p_now timestamptz, p_limit bigint, p_skip bigint)
RETURNS SETOF outbox LANGUAGE plpgsql AS $$
BEGIN
    RETURN QUERY
    SELECT o.* FROM outbox o
     WHERE o.look_at BETWEEN p_from AND p_now AND o.state = 'scheduled' AND o.due_at <= p_now
       AND o.not_after > p_now
     ORDER BY o.look_at, o.seq, o.message_id LIMIT p_limit OFFSET p_skip
       FOR NO KEY UPDATE SKIP LOCKED;
END $$;

-- put_off_held: messages of orgs whose wallets somebody holds are looked at again soon; p_free: the other orgs.
CREATE OR REPLACE FUNCTION put_off_held(p_org_ids uuid[], p_message_ids uuid[], p_free uuid[]) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    c_look_again CONSTANT interval := '1 second';
    v_then       timestamptz := clock_timestamp() + c_look_again;
BEGIN
    UPDATE outbox o SET due_at = greatest(o.due_at, v_then), look_at = v_then
     WHERE o.message_id = ANY (p_message_ids) AND o.org_id = ANY (p_org_ids) AND o.org_id <> ALL (p_free)
       AND o.state IN ('scheduled', 'held');
END $$;

-- join_lines: those of these messages whose send_at has come take their slots and their places.
--
-- The caller has locked the wallets. An empty line has no end that could be locked: they keep accept_sends from
-- joining it at the same moment.
CREATE OR REPLACE FUNCTION join_lines(p_org_ids uuid[], p_message_ids uuid[]) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    v_all   record; -- of each an array
    v_taken boolean[];
    v_dues  timestamptz[];
BEGIN
    SELECT array_agg(j.message_id) AS messages, array_agg(j.org_id) AS orgs, array_agg(j.channel_id) AS channels,
           array_agg(j.contact_id) AS contacts, array_agg(j.priority) AS priorities
      INTO v_all
      FROM (SELECT * FROM outbox o
             WHERE o.message_id = ANY (p_message_ids) AND o.org_id = ANY (p_org_ids) AND o.seq IS NULL
               AND o.state = 'scheduled' AND o.due_at <= clock_timestamp()
             ORDER BY o.due_at, o.message_id) j;
    v_taken := lock_line_ends(v_all.orgs, v_all.channels, v_all.contacts);
    SELECT s.dues INTO v_dues
      FROM take_slots(v_all.orgs, v_all.channels, v_all.priorities, clock_timestamp()) s;
    UPDATE outbox o
       SET seq = i.seq, due_at = coalesce(i.due_at, o.due_at),
           state = CASE WHEN i.waits THEN 'held' ELSE 'scheduled' END,
           look_at = CASE WHEN i.waits THEN o.not_after
                          ELSE least(coalesce(i.due_at, o.due_at), o.not_after) END
      FROM (SELECT u.*, nextval('outbox_seq') AS seq
              FROM (SELECT j.*, j.contact_id IS NOT NULL AND (j.taken OR row_number() OVER (
                                PARTITION BY j.channel_id, j.contact_id ORDER BY j.n) > 1) AS waits
                      FROM unnest(v_all.messages, v_all.orgs, v_all.channels, v_all.contacts, v_taken, v_dues)
                           WITH ORDINALITY AS j (message_id, org_id, channel_id, contact_id, taken, due_at, n)
                     ORDER BY j.n) u) i
     WHERE o.message_id = ANY (ARRAY[i.message_id]) AND o.org_id = i.org_id;
END $$;

-- slot_retries: those of these messages that are due to be tried again take their slots, and wait for them. (What a
-- slowed channel takes drip says.) The caller has locked the wallets.
CREATE OR REPLACE FUNCTION slot_retries(p_org_ids uuid[], p_message_ids uuid[]) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    v_all record; -- of each an array
BEGIN
    SELECT array_agg(r.org_id) AS orgs, array_agg(r.channel_id) AS channels, array_agg(r.message_id) AS messages,
           array_agg(r.priority) AS priorities
      INTO v_all
      FROM (SELECT o.* FROM outbox o
             CROSS JOIN LATERAL pace_of(o.org_id, o.channel_id) p
             WHERE o.message_id = ANY (p_message_ids) AND o.org_id = ANY (p_org_ids) AND o.attempt > 0
               AND o.slotted IS DISTINCT FROM o.attempt AND o.state = 'scheduled' AND o.due_at <= clock_timestamp()
               AND current_share(p.share, p.slowed_at) >= 1
             ORDER BY o.due_at, o.seq, o.message_id) r;
    IF v_all.messages IS NOT NULL THEN
        PERFORM give_slots(v_all.orgs, v_all.channels, v_all.messages, v_all.priorities, false);
    END IF;
END $$;

-- drip: puts off what a slowed channel cannot take now. Each gets the next slot at the rate of the moment
-- and keeps it; those whose slot would be further ahead than DRIP_AHEAD are judged again then, by the rate
-- of that moment. The caller has locked the wallets.
CREATE OR REPLACE FUNCTION drip(p_org_ids uuid[], p_message_ids uuid[]) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    c_drip_ahead CONSTANT interval := '10 seconds';
    c_tolerance  CONSTANT interval := '250 ms'; -- leaves now that would leave before the next look
    v_now        timestamptz := clock_timestamp();
BEGIN
    WITH slowed AS MATERIALIZED (
        SELECT c.org_id, c.id AS channel_id, p.id AS pace_id, greatest(p.drip_free_at, v_now) AS free_from,
               1 / (c.max_mps * current_share(p.share, p.slowed_at)) AS gap
          FROM channels c
          CROSS JOIN LATERAL pace_of(c.org_id, c.id) p
         WHERE (c.org_id, c.id) IN (SELECT o.org_id, o.channel_id FROM outbox o
                                     WHERE o.message_id = ANY (p_message_ids) AND o.org_id = ANY (p_org_ids))
           AND current_share(p.share, p.slowed_at) < 1
    ), slot AS MATERIALIZED (
        SELECT o.org_id, o.message_id, o.channel_id,
               s.free_from + in_seconds((row_number() OVER (
                    PARTITION BY o.channel_id
                    ORDER BY o.priority DESC, array_position(p_message_ids, o.message_id)) - 1) * s.gap) AS at
          FROM outbox o
          JOIN slowed s ON s.org_id = o.org_id AND s.channel_id = o.channel_id
         WHERE o.message_id = ANY (p_message_ids) AND o.org_id = ANY (p_org_ids)
           AND o.state = 'scheduled' AND o.due_at <= v_now AND NOT o.paced
    ), put_off AS (
        UPDATE outbox o
           SET due_at = least(s.at, v_now + c_drip_ahead), paced = s.at <= v_now + c_drip_ahead,
               look_at = least(s.at, v_now + c_drip_ahead, o.not_after)
          FROM slot s
         WHERE o.message_id = ANY (ARRAY[s.message_id]) AND o.org_id = s.org_id AND s.at > v_now + c_tolerance
    )
    UPDATE pace p
       SET id = p.id + (p.changes + 1) / 32, changes = (p.changes + 1) % 32,
           drip_free_at = s.free_from + in_seconds(s.gap * (
               SELECT count(*) FROM slot t
                WHERE t.channel_id = s.channel_id AND t.at <= v_now + c_drip_ahead))
      FROM slowed s
     WHERE p.channel_id = ANY (ARRAY[s.channel_id]) AND p.id = s.pace_id AND p.org_id = s.org_id;
END $$;
