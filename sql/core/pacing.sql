-- Pacing: Meta takes max_mps messages a second from a number. So a number is a clock that gives each message the
-- next slot, 1/rate seconds after the one before (GCRA); it may leave up to a second's slots early, so that as
-- many as that leave at once. A campaign of any size is accepted at once and leaves at the rate that its number
-- can take.
--
-- The rate has two parts, each with its own clock. A quarter is for high alone; three quarters are for both, and
-- whoever comes first has their slots. So bulk never has more than three quarters; high has the whole rate, or
-- while bulk waits the quarter, and the whole again from the moment when the last bulk has its slot.
--
-- For example a number of 80 a second: a slot of both parts together lasts 12.5 ms, one of the quarter 50, one of
-- the rest 16.7. Bulk waits with slots for the next 100 ms when five high come: they get those of the quarter at
-- 0 and 50 ms, and the other three those of both parts from 100 ms on, 12.5 ms apart.
--
-- A channel's row of pace is changed under the lock of its org's wallet, with each batch. Every 32nd change gives
-- it a new id, and a look begins at the largest: so no more than that stands in its way, whatever has been left
-- behind while somebody held a snapshot.

-- What comes with a channel.
CREATE OR REPLACE FUNCTION open_pace() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
BEGIN
    INSERT INTO pace (org_id, channel_id, written_at) VALUES (NEW.org_id, NEW.id, now());
    RETURN NULL;
END $$;

-- What part of max_mps a slowed channel may use now: it doubles each minute. Six minutes make up for the
-- smallest share there is (slow_channels); without that bound a year would be a number too large. VOLATILE, as
-- the clock that it asks is: only so is it inlined, and a channel that never was slowed costs no call.
CREATE OR REPLACE FUNCTION current_share(p_share double precision, p_slowed_at timestamptz)
RETURNS double precision LANGUAGE sql VOLATILE
RETURN CASE WHEN p_slowed_at IS NULL THEN 1
            ELSE least(1, p_share * 2::float8 ^ greatest(0, least(6,
                       date_part('epoch', clock_timestamp() - p_slowed_at) / 60))) END;

CREATE OR REPLACE FUNCTION in_seconds(p_seconds double precision) RETURNS interval
LANGUAGE sql IMMUTABLE
RETURN p_seconds * interval '1 second';

-- (Inlined where it is called.)
CREATE OR REPLACE FUNCTION pace_of(p_org_id uuid, p_channel_id uuid) RETURNS SETOF pace
LANGUAGE sql STABLE AS $$
    SELECT * FROM pace p WHERE p.org_id = p_org_id AND p.channel_id = p_channel_id ORDER BY p.id DESC LIMIT 1;
$$;

-- In how many seconds p_free_at comes. A clock that has been set back since p_written_at makes it no later.
CREATE OR REPLACE FUNCTION seconds_until(p_free_at timestamptz, p_written_at timestamptz, p_now timestamptz)
RETURNS double precision LANGUAGE sql IMMUTABLE
RETURN CASE WHEN p_free_at <= p_now THEN 0 -- mostly so, and told by a look
            ELSE greatest(0, date_part('epoch', p_free_at - greatest(p_now, p_written_at))) END;

-- By how much a slot may be early: a second's slots leave at once, and no more.
CREATE OR REPLACE FUNCTION burst_of(p_gap double precision) RETURNS double precision
LANGUAGE sql IMMUTABLE
RETURN greatest(0, 1 - p_gap);

-- take_slots: when each of these messages may leave, in order; what fits now may leave now. NULL for a NULL
-- channel. The slots are taken. Tells also which channels are slowed. The caller has locked the wallets.
--
-- Times are seconds from now on. High goes by the part that is free first, `alone`, until the other one is free
-- as well; from then on both are one, and as far ahead as they were together.
CREATE OR REPLACE FUNCTION take_slots(p_org_ids uuid[], p_channel_ids uuid[], p_priorities text[],
                                      p_now timestamptz, OUT dues timestamptz[], OUT slowed boolean[])
LANGUAGE plpgsql AS $$
BEGIN
    WITH channel AS ( -- with the places of its messages
        SELECT i.org_id, i.channel_id, array_agg(i.n) FILTER (WHERE i.priority = 'high') AS high,
               array_agg(i.n) FILTER (WHERE i.priority = 'bulk') AS bulk
          FROM unnest(p_org_ids, p_channel_ids, p_priorities) WITH ORDINALITY
               AS i (org_id, channel_id, priority, n)
         GROUP BY i.org_id, i.channel_id
    ), part AS (
        SELECT c.org_id, c.channel_id, c.high || c.bulk AS places, coalesce(cardinality(c.high), 0) AS high_count,
               coalesce(cardinality(c.bulk), 0) AS bulk_count, p.id AS pace_id, p.share, p.slowed_at,
               1 / h.max_mps::float8 AS gap, seconds_until(p.high_free_at, p.written_at, p_now) AS high_from,
               seconds_until(p.bulk_free_at, p.written_at, p_now) AS bulk_from
          FROM channel c
          LEFT JOIN channels h ON h.org_id = c.org_id AND h.id = c.channel_id
          LEFT JOIN LATERAL pace_of(c.org_id, c.channel_id) p ON true
    ), alone AS ( -- (OFFSET 0, here and below: what is used more than once is computed once)
        SELECT p.*, least(p.high_from, p.bulk_from) AS alone_from, greatest(p.high_from, p.bulk_from) AS both_from,
               p.gap * CASE WHEN p.high_from <= p.bulk_from THEN 4 ELSE 4 / 3::float8 END AS alone_gap
          FROM part p OFFSET 0
    ), counted AS (
        SELECT a.*, least(a.high_count, ceil((a.both_from - a.alone_from) / a.alone_gap)) AS alone_count,
               a.bulk_count * a.gap / 0.75 AS bulk_takes
          FROM alone a OFFSET 0
    ), joint AS (
        SELECT a.*, a.alone_from + a.alone_count * a.alone_gap AS alone_to,
               CASE WHEN a.high_count > a.alone_count THEN a.both_from + a.gap / a.alone_gap
                         * (a.alone_from + a.alone_count * a.alone_gap - a.both_from) END AS joint_from
          FROM counted a OFFSET 0
    ), rate AS MATERIALIZED (
        SELECT j.*, current_share(j.share, j.slowed_at) < 1 AS is_slowed,
               coalesce(j.joint_from + (j.high_count - j.alone_count) * j.gap,
                             CASE WHEN j.high_from <= j.bulk_from THEN j.alone_to ELSE j.high_from END) AS high_to,
               coalesce(j.joint_from + (j.high_count - j.alone_count) * j.gap,
                        CASE WHEN j.high_from > j.bulk_from THEN j.alone_to ELSE j.bulk_from END) AS bulk_slots_from
          FROM joint j
    ), slot AS (
        SELECT s.n, r.channel_id, r.is_slowed,
               CASE WHEN s.k <= r.alone_count
                    THEN r.alone_from + (s.k - 1) * r.alone_gap - burst_of(r.alone_gap)
                    WHEN s.k <= r.high_count
                    THEN r.joint_from + (s.k - 1 - r.alone_count) * r.gap - burst_of(r.gap)
                    ELSE r.bulk_slots_from + (s.k - 1 - r.high_count) * r.gap / 0.75 - burst_of(r.gap / 0.75) END AS due
          FROM rate r CROSS JOIN LATERAL unnest(r.places) WITH ORDINALITY AS s (n, k)
    ), taken AS (
        UPDATE pace p
           SET id = p.id + (p.changes + 1) / 32, changes = (p.changes + 1) % 32, written_at = p_now,
               high_free_at = p_now + in_seconds(r.high_to),
               bulk_free_at = p_now + in_seconds(r.bulk_slots_from + r.bulk_takes)
          FROM rate r
         WHERE p.channel_id = ANY (ARRAY[r.channel_id]) AND p.id = r.pace_id AND p.org_id = r.org_id
    )
    SELECT array_agg(CASE WHEN s.due <= 0 THEN p_now WHEN s.channel_id IS NOT NULL THEN p_now + in_seconds(s.due) END),
           array_agg(s.is_slowed)
      INTO dues, slowed FROM (SELECT * FROM slot ORDER BY n) s;
END $$;

-- slow_channels: Meta says that these numbers are too fast: half the rate, at most once a second.
CREATE OR REPLACE FUNCTION slow_channels(p_org_ids uuid[], p_channel_ids uuid[]) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM lock_wallets_soon(p_org_ids);
    UPDATE pace p
       SET id = p.id + (p.changes + 1) / 32, changes = (p.changes + 1) % 32,
           share = greatest(current_share(p.share, p.slowed_at) / 2, 1.0 / 64), slowed_at = clock_timestamp()
      FROM (SELECT DISTINCT i.org_id, i.channel_id
              FROM unnest(p_org_ids, p_channel_ids) AS i (org_id, channel_id)) i
     CROSS JOIN LATERAL pace_of(i.org_id, i.channel_id) n
     WHERE p.channel_id = ANY (ARRAY[n.channel_id]) AND p.id = n.id AND p.org_id = n.org_id
       AND (p.slowed_at IS NULL OR p.slowed_at < clock_timestamp() - interval '1 second');
END $$;
