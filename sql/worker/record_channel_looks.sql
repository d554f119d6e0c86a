-- record_channel_looks: what came of looks of this id: facts (a JSON object of all that was asked for, null where Meta
-- does not say), or why there are none. What is not under that id any more counts no more: another look has been begun
-- since, or it may be another's number. (So does what somebody is just changing: it is due again soon.) Says whether Meta wants to be left alone for a while, or is away, by the error
-- rules.
CREATE OR REPLACE FUNCTION record_channel_looks(
    p_look_id uuid, p_interval_s bigint, p_org_ids uuid[], p_channel_ids uuid[], p_facts text[],
    p_error_codes text[],    -- NULL: it was answered
    p_error_messages text[]
) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
DECLARE
    v_looked record; -- of each an array
BEGIN
    WITH mine AS MATERIALIZED (
        SELECT h.org_id, h.channel_id, i.facts, i.error_code, i.error_message
          FROM unnest(p_org_ids, p_channel_ids, p_facts, p_error_codes, p_error_messages)
               AS i (org_id, channel_id, facts, error_code, error_message)
          JOIN channel_health h ON h.org_id = i.org_id AND h.channel_id = i.channel_id
         WHERE h.look_id = p_look_id ORDER BY h.channel_id FOR UPDATE OF h SKIP LOCKED
    ), looked AS (
        UPDATE channel_health h
           SET look_id = NULL,
               looked_at = CASE WHEN m.error_code IS NULL THEN h.asked_at ELSE h.looked_at END,
               failed_at = CASE WHEN m.error_code IS NOT NULL THEN h.asked_at END,
               failures = CASE WHEN m.error_code IS NULL THEN 0 ELSE h.failures + 1 END,
               error_code = left(m.error_code, 64), error_message = left(m.error_message, 500),
               due_at = clock_timestamp()
                        + look_after(p_interval_s, CASE WHEN m.error_code IS NULL THEN 0 ELSE h.failures + 1 END)
          FROM mine m WHERE h.org_id = m.org_id AND h.channel_id = m.channel_id
        RETURNING h.org_id, h.channel_id, h.asked_at, CASE WHEN m.error_code IS NULL THEN m.facts::jsonb END AS facts
    )
    SELECT array_agg(l.org_id) AS orgs, array_agg(l.channel_id) AS channels, array_agg(f.fact) AS names,
           array_agg(nullif(f.value, 'null')) AS says, array_agg(l.asked_at) AS as_of
      INTO v_looked
      FROM looked l CROSS JOIN LATERAL jsonb_each(l.facts) AS f (fact, value);
    PERFORM know_facts(v_looked.orgs, v_looked.channels, v_looked.names, v_looked.says, v_looked.as_of);
    RETURN EXISTS (SELECT FROM unnest(p_error_codes) AS e (code) CROSS JOIN LATERAL error_rule_of(e.code) r
                    WHERE r.class IN ('rate_limit', 'temporary', 'network'));
END $$;
