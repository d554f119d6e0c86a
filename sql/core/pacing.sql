-- Pacing: Meta takes max_mps messages a second from a number. GCRA: each message takes the number's next
-- slot, 1/rate seconds after the one before; it may leave up to BURST before its slot. So a campaign of any
-- size is accepted at once and leaves at the rate that its number can take.
--
-- Bulk takes three quarters of the rate at the most, and whatever is sent as high comes off that; high has
-- the whole rate, or the last quarter while bulk waits.
--
-- For example three high and two bulk over an idle number of 80 a second: a slot of high lasts 12.5 ms, one of
-- bulk 16.7. High gets the slots at 0, 12.5 and 25 ms, bulk those behind it at 37.5 and 54.2; all five may leave
-- at once, as none is more than a second ahead. The number is then free for high at 62.5 ms, after five messages,
-- and for bulk at 70.8.
--
-- A channel's row of pace is changed under the lock of its org's wallet, with each batch. Every 32nd change gives
-- it a new id, and a look begins at the largest: so no more than that stands in its way, whatever has been left
-- behind while somebody held a snapshot.

-- What comes with a channel.
CREATE OR REPLACE FUNCTION open_pace() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
BEGIN
    INSERT INTO pace (org_id, channel_id) VALUES (NEW.org_id, NEW.id);
    RETURN NULL;
END $$;

-- What part of max_mps a slowed channel may use now: it doubles each minute. Six minutes make up for the
-- smallest share there is (slow_channels); without that bound a year would be a number too large. VOLATILE, as
-- the clock that it asks is: only so is it inlined, and a channel that never was slowed costs no call.
CREATE OR REPLACE FUNCTION current_share(p_share double precision, p_slowed_at timestamptz)
RETURNS double precision LANGUAGE sql VOLATILE
RETURN CASE WHEN p_slowed_at IS NULL THEN 1
            ELSE least(1, p_share * 2::float8 ^ greatest(0, least(6,
                       extract(epoch FROM clock_timestamp() - p_slowed_at)::float8 / 60))) END;

CREATE OR REPLACE FUNCTION in_seconds(p_seconds double precision) RETURNS interval
LANGUAGE sql IMMUTABLE
RETURN p_seconds * interval '1 second';

-- (Inlined where it is called.)
CREATE OR REPLACE FUNCTION pace_of(p_org_id uuid, p_channel_id uuid) RETURNS SETOF pace
LANGUAGE sql STABLE AS $$
    SELECT * FROM pace p WHERE p.org_id = p_org_id AND p.channel_id = p_channel_id ORDER BY p.id DESC LIMIT 1;
$$;

-- take_slots: when each of these messages may leave, in order; what fits now may leave now. NULL for a NULL
-- channel. The slots are taken. Tells also which channels are slowed. The caller has locked the wallets.
CREATE OR REPLACE FUNCTION take_slots(p_org_ids uuid[], p_channel_ids uuid[], p_priorities text[],
                                      OUT dues timestamptz[], OUT slowed boolean[])
LANGUAGE plpgsql AS $$
DECLARE
    c_burst CONSTANT interval := '1 second';
    v_now   timestamptz := clock_timestamp();
BEGIN
    WITH channel AS MATERIALIZED ( -- with the places of its messages
        SELECT i.org_id, i.channel_id, array_agg(i.n) FILTER (WHERE i.priority = 'high') AS high,
               array_agg(i.n) FILTER (WHERE i.priority = 'bulk') AS bulk,
               count(*) FILTER (WHERE i.priority = 'high') AS high_count,
               count(*) FILTER (WHERE i.priority = 'bulk') AS bulk_count
          FROM unnest(p_org_ids, p_channel_ids, p_priorities) WITH ORDINALITY
               AS i (org_id, channel_id, priority, n)
         GROUP BY i.org_id, i.channel_id
    ), rate AS MATERIALIZED (
        SELECT c.*, p.id AS pace_id, current_share(p.share, p.slowed_at) < 1 AS is_slowed,
               greatest(p.high_free_at, v_now) AS high_from,
               greatest(p.bulk_free_at, v_now) + in_seconds(c.high_count * g.gap) AS bulk_from,
               CASE WHEN p.bulk_free_at > greatest(p.high_free_at, v_now) + c_burst THEN 4 ELSE 1 END * g.gap
                   AS high_gap, -- bulk waits for longer than the high before it
               g.gap / 0.75 AS bulk_gap, g.gap
          FROM channel c
          LEFT JOIN channels h ON h.org_id = c.org_id AND h.id = c.channel_id
          LEFT JOIN LATERAL pace_of(c.org_id, c.channel_id) p ON true
         CROSS JOIN LATERAL (SELECT 1 / h.max_mps::float8 AS gap) g
    ), slot AS MATERIALIZED (
        SELECT s.n, r.channel_id, r.is_slowed, false AS is_bulk,
               r.high_from + in_seconds((s.k - 1) * r.high_gap) - c_burst AS due_at
          FROM rate r CROSS JOIN LATERAL unnest(r.high) WITH ORDINALITY AS s (n, k)
        UNION ALL
        SELECT s.n, r.channel_id, r.is_slowed, true,
               r.bulk_from + in_seconds((s.k - 1) * r.bulk_gap) - c_burst
          FROM rate r CROSS JOIN LATERAL unnest(r.bulk) WITH ORDINALITY AS s (n, k)
    ), taken AS (
        UPDATE pace p
           SET id = p.id + (p.changes + 1) / 32, changes = (p.changes + 1) % 32,
               high_free_at = r.high_from + in_seconds(r.high_count * r.high_gap + r.gap * CASE
                   WHEN r.bulk_count > 0
                   THEN (SELECT count(*) FROM slot s
                          WHERE s.channel_id = r.channel_id AND s.is_bulk AND s.due_at <= v_now) ELSE 0 END),
               bulk_free_at = r.bulk_from + in_seconds(r.bulk_count * r.bulk_gap)
          FROM rate r
         WHERE p.channel_id = ANY (ARRAY[r.channel_id]) AND p.id = r.pace_id AND p.org_id = r.org_id
    )
    SELECT array_agg(CASE WHEN s.channel_id IS NOT NULL THEN greatest(s.due_at, v_now) END), array_agg(s.is_slowed)
      INTO dues, slowed FROM (SELECT * FROM slot ORDER BY n) s;
END $$;

-- slow_channels: Meta says that these numbers are too fast: half the rate, at most once a second.
CREATE OR REPLACE FUNCTION slow_channels(p_org_ids uuid[], p_channel_ids uuid[]) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM lock_wallets(p_org_ids);
    UPDATE pace p
       SET id = p.id + (p.changes + 1) / 32, changes = (p.changes + 1) % 32,
           share = greatest(current_share(p.share, p.slowed_at) / 2, 1.0 / 64), slowed_at = clock_timestamp()
      FROM (SELECT DISTINCT i.org_id, i.channel_id
              FROM unnest(p_org_ids, p_channel_ids) AS i (org_id, channel_id)) i
     CROSS JOIN LATERAL pace_of(i.org_id, i.channel_id) n
     WHERE p.channel_id = ANY (ARRAY[n.channel_id]) AND p.id = n.id AND p.org_id = n.org_id
       AND (p.slowed_at IS NULL OR p.slowed_at < clock_timestamp() - interval '1 second');
END $$;
