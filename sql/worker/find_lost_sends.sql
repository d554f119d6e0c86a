-- find_lost_sends: messages that have been queued for longer than p_ages_ms says for their partition, which
-- is the age of the partition's oldest live job and a margin: their jobs are gone. Marks them as queued
-- anew, so that the next look does not find them again at once. Ages are compared, never clocks.
CREATE OR REPLACE FUNCTION find_lost_sends(p_ages_ms bigint[], -- by partition; below 0: leave it alone
                                           p_limit bigint)
RETURNS TABLE (org_id uuid, message_id uuid)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
#variable_conflict use_column
DECLARE
    v_now   timestamptz := clock_timestamp();
    v_from  timestamptz := look_from('flying');
    v_least bigint := (SELECT min(a.ms) FROM unnest(p_ages_ms) AS a (ms) WHERE a.ms >= 0);
    v_found integer;
BEGIN
    RETURN QUERY
    WITH lost AS (
        SELECT o.message_id FROM outbox o
         CROSS JOIN LATERAL (
               SELECT p_ages_ms[1 + job_partition(o.message_id, cardinality(p_ages_ms))] AS ms) age
         WHERE o.look_at IS NULL AND o.state = 'queued'
           AND o.queued_at >= v_from AND o.queued_at < v_now - v_least * interval '1 millisecond'
           AND age.ms >= 0 AND o.queued_at < v_now - age.ms * interval '1 millisecond'
         ORDER BY o.seq LIMIT p_limit FOR NO KEY UPDATE OF o SKIP LOCKED
    )
    UPDATE outbox o SET queued_at = clock_timestamp()
     WHERE o.message_id = ANY (ARRAY(SELECT l.message_id FROM lost l)) AND o.state = 'queued'
    RETURNING o.org_id, o.message_id;
    GET DIAGNOSTICS v_found = ROW_COUNT;
    IF v_found < p_limit THEN
        PERFORM keep_look('flying', v_now, v_from, least(v_now, (
                SELECT min(o.queued_at) FROM outbox o WHERE o.look_at IS NULL AND o.queued_at >= v_from)));
    END IF;
END $$;
