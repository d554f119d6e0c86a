-- end_dead_letters: ends rows of take_dead_letters, all of whose items were applied or stand in rows of their own.
-- One whose retry_at is another one now stays: it failed again, is to be replayed, or is somebody else's.
CREATE OR REPLACE FUNCTION end_dead_letters(p_ids bigint[], p_until_us bigint[])
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
BEGIN
    DELETE FROM dead_letters d USING unnest(p_ids, p_until_us) AS t (id, until_us)
     WHERE d.id = t.id
       AND CASE WHEN isfinite(d.retry_at) THEN (extract(epoch FROM d.retry_at) * 1000000)::bigint END = t.until_us;
END $$;
