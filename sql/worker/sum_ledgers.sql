-- sum_ledgers: goes on with the walk along all ledgers that adds what is new in them to the figures of its days: up to
-- p_limit rows. more: there is more to be added now.
--
-- Rows of a ledger are committed in their order, so that none below one that is seen can come later: each is added once,
-- by the transaction that moves usage_ledgers on behind it, to the day that it was booked on, whenever that was.
CREATE OR REPLACE FUNCTION sum_ledgers(p_limit bigint) RETURNS TABLE (counted bigint, more boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
#variable_conflict use_column
DECLARE
    c_interval CONSTANT interval := '1 minute';
    c_orgs     CONSTANT bigint := 500; -- are looked at at once
    v_now      timestamptz := clock_timestamp();
    v_walk     usage_walk;
    v_taken    record; -- of each an array
    v_whole    bigint; -- so many ledgers, from the first on, are in to their ends
BEGIN
    SELECT w.* INTO v_walk FROM usage_walk w WHERE w.due_at <= v_now FOR UPDATE SKIP LOCKED;
    IF NOT FOUND THEN
        RETURN QUERY SELECT 0::bigint, false;
        RETURN;
    END IF;
    WITH org AS MATERIALIZED (
        SELECT l.org_id FROM wallet_locks l
         WHERE l.org_id > coalesce(v_walk.next_org, '00000000-0000-0000-0000-000000000000')
         ORDER BY l.org_id LIMIT c_orgs
    ), news AS MATERIALIZED (
        SELECT o.org_id, coalesce(u.n, 0) AS n, coalesce(t.n, 0) AS newest
          FROM org o LEFT JOIN usage_ledgers u ON u.org_id = o.org_id
          LEFT JOIN LATERAL (SELECT t.n FROM wallet_transactions t
                              WHERE t.org_id = o.org_id ORDER BY t.n DESC LIMIT 1) t ON true
    )
    SELECT array_agg(s.org_id ORDER BY s.org_id) AS orgs, array_agg(s.n ORDER BY s.org_id) AS froms,
           array_agg(least(s.newest, s.n + s.room) ORDER BY s.org_id) AS ends,
           array_agg(s.newest ORDER BY s.org_id) AS newest, count(*) AS orgs_seen
      INTO v_taken
      FROM (SELECT w.*, greatest(p_limit - coalesce(sum(w.newest - w.n) OVER (
                            ORDER BY w.org_id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0), 0)::bigint AS room
              FROM news w) s;
    PERFORM sum_ledgers_of(v_taken.orgs, v_taken.froms, v_taken.ends);
    SELECT coalesce(sum(i.until - i.n), 0),
           coalesce(min(i.place) FILTER (WHERE i.until < i.newest) - 1, count(*)) INTO counted, v_whole
      FROM unnest(v_taken.froms, v_taken.ends, v_taken.newest) WITH ORDINALITY AS i (n, until, newest, place);
    more := v_whole < v_taken.orgs_seen OR v_taken.orgs_seen = c_orgs;
    IF more THEN
        UPDATE usage_walk SET began_at = coalesce(v_walk.began_at, v_now),
                              next_org = CASE WHEN v_whole > 0 THEN v_taken.orgs[v_whole] ELSE v_walk.next_org END;
    ELSE
        UPDATE usage_walk SET as_of = coalesce(v_walk.began_at, v_now), began_at = NULL, next_org = NULL,
                              due_at = clock_timestamp() + c_interval;
    END IF;
    RETURN NEXT;
END $$;
