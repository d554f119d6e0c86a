-- What the scheduler asks for. One of them acts at a time, by an advisory lock of its session. It works batch
-- by batch: p_limit messages after the first p_skip ones, which it could not deal with in this round.

-- The key is the word "tollgate" as eight bytes. Asking again while this session holds the lock says
-- true and takes nothing more.
--
-- A scheduler that does not come back soon, since it or its machine stands still, loses its session and
-- with it the lock: nobody else would notice for hours.
CREATE OR REPLACE FUNCTION take_scheduler_lock() RETURNS boolean
LANGUAGE sql
RETURN set_config('idle_session_timeout', '8s', false) IS NOT NULL
   AND CASE WHEN EXISTS (SELECT FROM pg_locks
                          WHERE locktype = 'advisory' AND pid = pg_backend_pid() AND granted
                            AND classid = x'746f6c6c'::bigint::oid
                            AND objid = x'67617465'::bigint::oid AND objsubid = 1)
            THEN true
            ELSE pg_try_advisory_lock(x'746f6c6c67617465'::bigint) END;

-- take_turns: more is due than fits into a batch. The channels share it, so that one's campaign does not keep
-- the messages of all others waiting; who waits longest comes first. Locks what it returns.
--
-- From channel to channel by one look-up each (a loose index scan), however much each has.
CREATE OR REPLACE FUNCTION take_turns(p_now timestamptz, p_limit bigint, p_skip bigint) RETURNS SETOF outbox
LANGUAGE sql
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off
SET jit = off
AS $$
    WITH RECURSIVE channel AS (
        (SELECT o.channel_id, o.look_at FROM outbox o WHERE o.look_at IS NOT NULL
          ORDER BY o.channel_id, o.look_at LIMIT 1)
        UNION ALL
        SELECT n.channel_id, n.look_at
          FROM channel c
         CROSS JOIN LATERAL (
               SELECT o.channel_id, o.look_at FROM outbox o
                WHERE o.look_at IS NOT NULL AND o.channel_id > c.channel_id
                ORDER BY o.channel_id, o.look_at LIMIT 1) n
    ), turn AS MATERIALIZED (
        SELECT c.channel_id, c.look_at FROM channel c
         WHERE c.look_at <= p_now ORDER BY c.look_at LIMIT p_limit OFFSET p_skip
    )
    SELECT o.* FROM turn t
     CROSS JOIN LATERAL (
           SELECT o.* FROM outbox o
            WHERE o.channel_id = t.channel_id AND o.look_at <= p_now AND o.state = 'scheduled'
              AND o.due_at <= p_now AND o.not_after > p_now
            ORDER BY o.look_at, o.seq, o.message_id
            LIMIT (SELECT ceil(p_limit / nullif(count(*), 0)::numeric)::bigint FROM turn)
              FOR NO KEY UPDATE SKIP LOCKED) o
     LIMIT p_limit;
$$;

-- take_due: the messages that have been due for longest, or by turns if there are more. Locks them.
CREATE OR REPLACE FUNCTION take_due(p_now timestamptz, p_limit bigint, p_skip bigint) RETURNS SETOF outbox
LANGUAGE plpgsql
SET enable_seqscan = off SET enable_bitmapscan = off SET plan_cache_mode = force_custom_plan SET jit = off
AS $$
BEGIN
    IF (SELECT count(*) > p_limit
          FROM (SELECT FROM outbox o WHERE o.look_at <= p_now LIMIT p_limit + 1) d) THEN
        RETURN QUERY SELECT * FROM take_turns(p_now, p_limit, p_skip);
    ELSE
        RETURN QUERY
        SELECT o.* FROM outbox o
         WHERE o.look_at <= p_now AND o.state = 'scheduled' AND o.due_at <= p_now AND o.not_after > p_now
         ORDER BY o.look_at, o.seq, o.message_id LIMIT p_limit OFFSET p_skip
           FOR NO KEY UPDATE SKIP LOCKED;
    END IF;
END $$;

-- release_due_sends: moves scheduled messages that are due to `queued`, in the order in which they are due;
-- the caller publishes their jobs, in the order given. Some are put off instead:
--
-- - whose send_at has come takes its slot and its place in the line only now;
-- - from a channel that Meta has slowed they leave at the rate that it takes, those that do not fit within
--   DRIP_AHEAD later;
-- - of a channel that is paused they are parked.
--
-- Lock order: outbox, wallets (of those that join a line), pace; channels are not waited for.
CREATE OR REPLACE FUNCTION release_due_sends(p_limit bigint, p_skip bigint DEFAULT 0)
RETURNS TABLE (org_id uuid, message_id uuid)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_mergejoin = off
SET plan_cache_mode = force_custom_plan SET jit = off
AS $$
#variable_conflict use_column
DECLARE
    v_org_ids     uuid[];
    v_message_ids uuid[];
    v_joining     boolean;
    v_slowed      boolean;
    v_paused      boolean;
BEGIN
    WITH due AS MATERIALIZED (
        SELECT * FROM take_due(clock_timestamp(), p_limit, p_skip)
    )
    SELECT array_agg(d.org_id ORDER BY d.look_at, d.seq, d.message_id),
           array_agg(d.message_id ORDER BY d.look_at, d.seq, d.message_id),
           bool_or(d.seq IS NULL),
           EXISTS (SELECT FROM (SELECT DISTINCT e.org_id, e.channel_id FROM due e WHERE NOT e.paced) e
                     JOIN pace p ON p.org_id = e.org_id AND p.channel_id = e.channel_id
                    WHERE current_share(p.share, p.slowed_at) < 1),
           EXISTS (SELECT FROM (SELECT DISTINCT e.org_id, e.channel_id FROM due e) e
                     JOIN channels c ON c.org_id = e.org_id AND c.id = e.channel_id
                    WHERE c.status <> 'active')
      INTO v_org_ids, v_message_ids, v_joining, v_slowed, v_paused
      FROM due d;
    IF v_message_ids IS NULL THEN
        RETURN;
    END IF;
    IF v_paused THEN
        PERFORM park_sends(array_agg(o.org_id), array_agg(o.message_id), NULL)
           FROM outbox o JOIN channels c ON c.org_id = o.org_id AND c.id = o.channel_id
          WHERE o.message_id = ANY (v_message_ids) AND o.org_id = ANY (v_org_ids)
            AND c.status <> 'active';
    END IF;
    IF v_joining THEN
        PERFORM join_lines(v_org_ids, v_message_ids);
    END IF;
    IF v_slowed THEN
        PERFORM drip(v_org_ids, v_message_ids);
    END IF;

    RETURN QUERY
    WITH released AS (
        UPDATE outbox o SET state = 'queued', due_at = NULL, look_at = NULL, queued_at = clock_timestamp()
         WHERE o.message_id = ANY (v_message_ids) AND o.org_id = ANY (v_org_ids)
           AND o.state = 'scheduled' AND o.due_at <= clock_timestamp()
        RETURNING o.org_id, o.message_id
    )
    SELECT r.org_id, r.message_id
      FROM released r
      JOIN unnest(v_message_ids) WITH ORDINALITY AS i (message_id, n) ON i.message_id = r.message_id
     ORDER BY i.n;
END $$;

-- join_lines: those of these messages whose send_at has come take their slots and their places; a receipt,
-- which is written to nobody, takes its place alone.
--
-- An empty line has no end that could be locked: the wallets keep accept_sends from joining it at the same
-- moment. All pace that the batch needs is locked at once, drip's too.
CREATE OR REPLACE FUNCTION join_lines(p_org_ids uuid[], p_message_ids uuid[]) RETURNS void
LANGUAGE plpgsql
SET enable_seqscan = off SET plan_cache_mode = force_custom_plan SET jit = off
AS $$
DECLARE
    v_message_ids uuid[];
    v_org_ids     uuid[];
    v_channel_ids uuid[];
    v_contact_ids bigint[];
    v_priorities  text[];
    v_taken       boolean[];
    v_dues        timestamptz[];
BEGIN
    SELECT array_agg(o.message_id ORDER BY o.due_at, o.message_id),
           array_agg(o.org_id ORDER BY o.due_at, o.message_id),
           array_agg(o.channel_id ORDER BY o.due_at, o.message_id),
           array_agg(o.contact_id ORDER BY o.due_at, o.message_id),
           array_agg(o.priority ORDER BY o.due_at, o.message_id)
      INTO v_message_ids, v_org_ids, v_channel_ids, v_contact_ids, v_priorities
      FROM outbox o
     WHERE o.message_id = ANY (p_message_ids) AND o.org_id = ANY (p_org_ids) AND o.seq IS NULL
       AND o.state = 'scheduled' AND o.due_at <= clock_timestamp();
    PERFORM lock_wallets(v_org_ids);
    v_taken := lock_line_ends(v_org_ids, v_channel_ids, v_contact_ids);
    PERFORM lock_pace(array_agg(o.org_id), array_agg(o.channel_id))
       FROM outbox o WHERE o.message_id = ANY (p_message_ids) AND o.org_id = ANY (p_org_ids);
    SELECT take_slots(v_org_ids, array_agg(CASE WHEN i.contact_id IS NOT NULL THEN i.channel_id END
                                           ORDER BY i.n), v_priorities)
      INTO v_dues
      FROM unnest(v_channel_ids, v_contact_ids) WITH ORDINALITY AS i (channel_id, contact_id, n);
    UPDATE outbox o
       SET seq = i.seq, due_at = coalesce(i.due_at, o.due_at),
           state = CASE WHEN i.waits THEN 'held' ELSE 'scheduled' END,
           look_at = CASE WHEN i.waits THEN o.not_after
                          ELSE least(coalesce(i.due_at, o.due_at), o.not_after) END
      FROM (SELECT u.*, nextval('outbox_seq') AS seq
              FROM (SELECT j.*, j.contact_id IS NOT NULL AND (j.taken OR row_number() OVER (
                                PARTITION BY j.channel_id, j.contact_id ORDER BY j.n) > 1) AS waits
                      FROM unnest(v_message_ids, v_org_ids, v_channel_ids, v_contact_ids, v_taken, v_dues)
                           WITH ORDINALITY
                           AS j (message_id, org_id, channel_id, contact_id, taken, due_at, n)
                     ORDER BY j.n) u) i
     WHERE o.message_id = i.message_id AND o.org_id = i.org_id;
END $$;

-- drip: puts off what a slowed channel cannot take now. Each gets the next slot at the rate of the moment
-- and keeps it; those whose slot would be further ahead than DRIP_AHEAD are judged again then, by the rate
-- of that moment.
CREATE OR REPLACE FUNCTION drip(p_org_ids uuid[], p_message_ids uuid[]) RETURNS void
LANGUAGE plpgsql
SET enable_seqscan = off SET plan_cache_mode = force_custom_plan SET jit = off
AS $$
DECLARE
    c_drip_ahead CONSTANT interval := '10 seconds';
    c_tolerance  CONSTANT interval := '250 ms'; -- leaves now that would leave before the next look
    v_now        timestamptz := clock_timestamp();
    v_orgs       uuid[];
    v_channels   uuid[];
BEGIN
    SELECT array_agg(o.org_id), array_agg(o.channel_id) INTO v_orgs, v_channels
      FROM outbox o WHERE o.message_id = ANY (p_message_ids) AND o.org_id = ANY (p_org_ids);
    PERFORM lock_pace(v_orgs, v_channels);
    WITH slowed AS MATERIALIZED (
        SELECT c.org_id, c.id AS channel_id, greatest(p.drip_free_at, v_now) AS free_from,
               1 / (c.max_mps * current_share(p.share, p.slowed_at)) AS gap
          FROM channels c
          JOIN pace p ON p.org_id = c.org_id AND p.channel_id = c.id
         WHERE (c.org_id, c.id) IN (SELECT u.org_id, u.channel_id
                                      FROM unnest(v_orgs, v_channels) AS u (org_id, channel_id))
           AND current_share(p.share, p.slowed_at) < 1
    ), slot AS MATERIALIZED (
        SELECT o.org_id, o.message_id, o.channel_id,
               s.free_from + in_seconds((row_number() OVER (
                    PARTITION BY o.channel_id
                    ORDER BY o.priority DESC, array_position(p_message_ids, o.message_id)) - 1) * s.gap) AS at
          FROM outbox o
          JOIN slowed s ON s.org_id = o.org_id AND s.channel_id = o.channel_id
         WHERE o.message_id = ANY (p_message_ids) AND o.org_id = ANY (p_org_ids)
           AND o.state = 'scheduled' AND o.due_at <= v_now AND NOT o.paced AND o.contact_id IS NOT NULL
    ), put_off AS (
        UPDATE outbox o
           SET due_at = least(s.at, v_now + c_drip_ahead), paced = s.at <= v_now + c_drip_ahead,
               look_at = least(s.at, v_now + c_drip_ahead, o.not_after)
          FROM slot s
         WHERE o.message_id = s.message_id AND o.org_id = s.org_id AND s.at > v_now + c_tolerance
    )
    UPDATE pace p SET drip_free_at = s.free_from + in_seconds(s.gap * (
               SELECT count(*) FROM slot t
                WHERE t.channel_id = s.channel_id AND t.at <= v_now + c_drip_ahead))
      FROM slowed s
     WHERE p.org_id = s.org_id AND p.channel_id = s.channel_id;
END $$;

-- next_due: milliseconds until the scheduler has something to do here; 0: now; -1: nothing waits.
CREATE OR REPLACE FUNCTION next_due() RETURNS bigint
LANGUAGE sql SECURITY DEFINER
SET search_path = public, pg_temp
SET enable_seqscan = off
AS $$
    -- (greatest ignores nulls: it would make 0 of "nothing waits".)
    SELECT CASE WHEN min(o.look_at) IS NULL THEN -1
                ELSE greatest(0, ceil(extract(epoch FROM min(o.look_at) - clock_timestamp()) * 1000)) END
           ::bigint
      FROM outbox o WHERE o.look_at IS NOT NULL;
$$;

-- The partition of a message's job: the same as partition_of in common/streams/job.c.
CREATE OR REPLACE FUNCTION job_partition(p_message_id uuid, p_partitions bigint) RETURNS bigint
LANGUAGE sql IMMUTABLE
RETURN get_byte(uuid_send(p_message_id), 15) % p_partitions;

-- find_lost_sends: messages that have been queued for longer than p_ages_ms says for their partition, which
-- is the age of the partition's oldest live job and a margin: their jobs are gone. Marks them as queued
-- anew, so that the next look does not find them again at once. Ages are compared, never clocks.
CREATE OR REPLACE FUNCTION find_lost_sends(p_ages_ms bigint[], -- by partition; below 0: leave it alone
                                           p_limit bigint)
RETURNS TABLE (org_id uuid, message_id uuid)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH lost AS (
        SELECT o.message_id FROM outbox o
         CROSS JOIN LATERAL (
               SELECT p_ages_ms[1 + job_partition(o.message_id, cardinality(p_ages_ms))] AS ms) age
         WHERE o.state = 'queued' AND age.ms >= 0
           AND o.queued_at < clock_timestamp() - age.ms * interval '1 millisecond'
         ORDER BY o.seq LIMIT p_limit FOR NO KEY UPDATE OF o SKIP LOCKED
    )
    UPDATE outbox o SET queued_at = clock_timestamp()
     WHERE o.message_id = ANY (ARRAY(SELECT l.message_id FROM lost l)) AND o.state = 'queued'
    RETURNING o.org_id, o.message_id;
END $$;

-- delete_idempotency_keys: those that are older; returns how many.
CREATE OR REPLACE FUNCTION delete_idempotency_keys(p_age_s bigint, p_limit bigint) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp
AS $$
DECLARE
    v_deleted bigint;
BEGIN
    DELETE FROM idempotency_keys k
     WHERE (k.org_id, k.key) IN (
           SELECT o.org_id, o.key FROM idempotency_keys o
            WHERE o.created_at < now() - p_age_s * interval '1 second'
            ORDER BY o.created_at LIMIT p_limit FOR UPDATE SKIP LOCKED);
    GET DIAGNOSTICS v_deleted = ROW_COUNT;
    RETURN v_deleted;
END $$;
