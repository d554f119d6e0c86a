-- take_dead_letters: up to p_limit rows that are to be tried again. Should their worker die, another one
-- gets them after half a minute: their retry_at is then, and says so long that they are this worker's.
-- was_told: whose it is was known when it was recorded, so that its org was told of it if it asked for that (tell_changes).
DROP FUNCTION IF EXISTS take_dead_letters(bigint);
CREATE OR REPLACE FUNCTION take_dead_letters(p_limit bigint)
RETURNS TABLE (id bigint, body bytea, tries bigint, until_us bigint, was_told boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    UPDATE dead_letters d SET retry_at = now() + interval '30 seconds'
     WHERE d.id = ANY (ARRAY(SELECT e.id FROM dead_letters e WHERE e.retry_at <= now()
                              ORDER BY e.retry_at LIMIT p_limit FOR UPDATE SKIP LOCKED))
    RETURNING d.id, d.body, d.tries::bigint, (extract(epoch FROM d.retry_at) * 1000000)::bigint, d.org_id IS NOT NULL;
END $$;
