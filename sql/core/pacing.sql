-- Pacing: Meta takes max_mps messages a second from a number. GCRA: each message takes the number's next
-- slot, 1/rate seconds after the one before; it may leave up to BURST before its slot. So a campaign of any
-- size is accepted at once and leaves at the rate that its number can take.
--
-- Bulk takes three quarters of the rate at the most, and whatever is sent as high comes off that; high has
-- the whole rate, or the last quarter while bulk waits.
--
-- A channel's row of pace is changed under the lock of its org's wallet, with each batch. Every 32nd change gives
-- it a new id, and a look begins at the largest: so no more than that stands in its way, whatever has been left
-- behind while somebody held a snapshot.

-- What part of max_mps a slowed channel may use now: it doubles each minute. Six minutes make up for the
-- smallest share there is (slow_channels); without that bound a year would be a number too large. VOLATILE, as
-- the clock that it asks is: only so is it inlined, and a channel that never was slowed costs no call.
CREATE OR REPLACE FUNCTION current_share(p_share double precision, p_slowed_at timestamptz)
RETURNS double precision
LANGUAGE sql VOLATILE
RETURN CASE WHEN p_slowed_at IS NULL THEN 1
            ELSE least(1, p_share * 2::float8 ^ greatest(0, least(6,
                       extract(epoch FROM clock_timestamp() - p_slowed_at)::float8 / 60))) END;

CREATE OR REPLACE FUNCTION in_seconds(p_seconds double precision) RETURNS interval
LANGUAGE sql IMMUTABLE
RETURN p_seconds * interval '1 second';

-- (Inlined where it is called.)
CREATE OR REPLACE FUNCTION pace_of(p_org_id uuid, p_channel_id uuid) RETURNS SETOF pace
LANGUAGE sql STABLE
AS $$
    SELECT * FROM pace p WHERE p.org_id = p_org_id AND p.channel_id = p_channel_id ORDER BY p.id DESC LIMIT 1;
$$;

-- take_slots: when each of these messages may leave, in order; what fits now may leave now. NULL for a NULL
-- channel. The slots are taken. Tells also which channels are slowed. The caller has locked the wallets.
CREATE OR REPLACE FUNCTION take_slots(p_org_ids uuid[], p_channel_ids uuid[], p_priorities text[],
                                      OUT dues timestamptz[], OUT slowed boolean[])
LANGUAGE plpgsql
AS $$
DECLARE
    c_burst CONSTANT interval := '1 second';
    v_now   timestamptz := clock_timestamp();
BEGIN
    -- Each channel is looked up once, with its first message: to join what has no index is to
    -- compare each with each.
    WITH item AS MATERIALIZED (
        SELECT i.n, i.org_id, i.channel_id, i.priority,
               row_number() OVER (PARTITION BY i.org_id, i.channel_id ORDER BY i.n) AS nth,
               row_number() OVER (PARTITION BY i.org_id, i.channel_id, i.priority ORDER BY i.n) AS k
          FROM unnest(p_org_ids, p_channel_ids, p_priorities) WITH ORDINALITY
               AS i (org_id, channel_id, priority, n)
    ), asked AS MATERIALIZED (
        SELECT i.n, i.org_id, i.channel_id, i.priority, i.k,
               count(*) FILTER (WHERE i.priority = 'high') OVER channel AS high_count,
               count(*) FILTER (WHERE i.priority = 'bulk') OVER channel AS bulk_count,
               max(r.max_mps) OVER channel AS max_mps, max(r.id) OVER channel AS pace_id,
               bool_or(current_share(r.share, r.slowed_at) < 1) OVER channel AS slowed,
               greatest(max(r.high_free_at) OVER channel, v_now) AS high_from,
               greatest(max(r.bulk_free_at) OVER channel, v_now) AS bulk_free_at
          FROM item i
          LEFT JOIN LATERAL (
               SELECT p.*, c.max_mps::float8
                 FROM channels c CROSS JOIN LATERAL pace_of(c.org_id, c.id) p
                WHERE i.nth = 1 AND c.org_id = i.org_id AND c.id = i.channel_id) r ON true
        WINDOW channel AS (PARTITION BY i.org_id, i.channel_id)
    ), rate AS MATERIALIZED (
        SELECT a.*, a.bulk_free_at + in_seconds(a.high_count / a.max_mps) AS bulk_from,
               CASE WHEN a.bulk_free_at > v_now + c_burst THEN 4 ELSE 1 END / a.max_mps AS high_gap,
               1 / (0.75 * a.max_mps) AS bulk_gap, 1 / a.max_mps AS gap
          FROM asked a
    ), slot AS MATERIALIZED (
        SELECT r.*, CASE r.priority WHEN 'high' THEN r.high_from + in_seconds((r.k - 1) * r.high_gap)
                                    ELSE r.bulk_from + in_seconds((r.k - 1) * r.bulk_gap) END - c_burst
               AS due_at
          FROM rate r
    ), taken AS (
        UPDATE pace p
           SET id = p.id + (p.changes + 1) / 32, changes = (p.changes + 1) % 32,
               high_free_at = s.high_from + in_seconds(s.high_count * s.high_gap + s.bulk_leaving * s.gap),
               bulk_free_at = s.bulk_from + in_seconds(s.bulk_count * s.bulk_gap)
          FROM (SELECT t.channel_id, t.pace_id, t.high_from, t.bulk_from, t.high_count, t.bulk_count,
                       t.high_gap, t.bulk_gap, t.gap,
                       count(*) FILTER (WHERE t.priority = 'bulk' AND t.due_at <= v_now) AS bulk_leaving
                  FROM slot t WHERE t.max_mps IS NOT NULL
                 GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9) s
         WHERE p.channel_id = s.channel_id AND p.id = s.pace_id
    )
    SELECT array_agg(CASE WHEN s.channel_id IS NOT NULL THEN greatest(s.due_at, v_now) END ORDER BY s.n),
           array_agg(s.slowed ORDER BY s.n)
      INTO dues, slowed FROM slot s;
END $$;

-- slow_channels: Meta says that these numbers are too fast: half the rate, at most once a second.
CREATE OR REPLACE FUNCTION slow_channels(p_org_ids uuid[], p_channel_ids uuid[]) RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    PERFORM lock_wallets(p_org_ids);
    UPDATE pace p
       SET id = p.id + (p.changes + 1) / 32, changes = (p.changes + 1) % 32,
           share = greatest(current_share(p.share, p.slowed_at) / 2, 1.0 / 64), slowed_at = clock_timestamp()
      FROM (SELECT DISTINCT i.org_id, i.channel_id
              FROM unnest(p_org_ids, p_channel_ids) AS i (org_id, channel_id)) i
     CROSS JOIN LATERAL pace_of(i.org_id, i.channel_id) n
     WHERE p.channel_id = n.channel_id AND p.id = n.id
       AND (p.slowed_at IS NULL OR p.slowed_at < clock_timestamp() - interval '1 second');
END $$;
