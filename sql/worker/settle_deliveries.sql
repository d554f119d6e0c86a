-- settle_deliveries: records what came of attempts: outcome is delivered, gone (the endpoint wants nothing any more),
-- aborted (it does not want this one), erased (there was nothing to post), or why there was none; status 0: no answer
-- came. What failed is tried again by the schedule (delivery_delay), up to its end, or most_attempts. An endpoint to which nothing has come
-- for 5 days is disabled, after a warning.
--
-- A worker that comes late finds settled what another had claimed meanwhile: what was delivered stays so.
CREATE OR REPLACE FUNCTION settle_deliveries(p_org_ids uuid[], p_endpoint_ids uuid[], p_event_ids uuid[], p_outcomes text[],
                                             p_statuses bigint[], p_took_ms bigint[], p_answers text[], p_retry_after_s bigint[])
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
BEGIN
    WITH mine AS MATERIALIZED (
        SELECT i.*, d.attempts + 1 AS attempt, d.step + 1 AS step,
               CASE WHEN i.outcome NOT IN ('delivered', 'gone', 'aborted', 'erased') AND d.attempts + 1 < most_attempts()
                    THEN now() + delivery_delay(d.step + 1, i.retry_after_s) END AS next_at
          FROM unnest(p_org_ids, p_endpoint_ids, p_event_ids, p_outcomes, p_statuses, p_took_ms, p_answers, p_retry_after_s)
               AS i (org_id, endpoint_id, event_id, outcome, status, took_ms, answer, retry_after_s)
          JOIN deliveries d ON d.org_id = i.org_id AND d.endpoint_id = i.endpoint_id AND d.event_id = i.event_id
         WHERE d.state = 'pending'
         ORDER BY d.org_id, d.endpoint_id, d.event_id FOR UPDATE OF d
    ), tried AS (
        INSERT INTO delivery_attempts (org_id, endpoint_id, event_id, attempt, at, outcome, status, took_ms, answer)
        SELECT m.org_id, m.endpoint_id, m.event_id, m.attempt, clock_timestamp(), m.outcome, nullif(m.status, 0), m.took_ms,
               m.answer
          FROM mine m WHERE m.outcome <> 'erased'
        ON CONFLICT DO NOTHING -- a worker that was away for long may have claimed what it had
    )
    UPDATE deliveries d
       SET attempts = CASE m.outcome WHEN 'erased' THEN d.attempts ELSE m.attempt END, step = m.step, next_at = m.next_at,
           state = CASE WHEN m.next_at IS NOT NULL THEN 'pending' WHEN m.outcome IN ('delivered', 'erased') THEN m.outcome
                        ELSE 'failed' END
      FROM mine m
     WHERE d.org_id = m.org_id AND d.endpoint_id = m.endpoint_id AND d.event_id = m.event_id;
    PERFORM follow_deliveries(p_org_ids, p_endpoint_ids, p_outcomes);
END $$;
