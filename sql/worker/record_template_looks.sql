-- record_template_looks: what came of looks of this id: the ids of all templates that Meta has (a JSON array of texts), so that
-- those that are not among them are gone; or why they are not known. As record_channel_looks in all else; no account is asked
-- about again before Meta's Retry-After is over.
CREATE OR REPLACE FUNCTION record_template_looks(
    p_look_id uuid, p_interval_s bigint, p_org_ids uuid[], p_waba_ids text[],
    p_ids text[],            -- NULL: not all of them are known
    p_error_codes text[],    -- NULL: it was answered
    p_error_messages text[], p_retry_afters_s bigint[]
) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
DECLARE
    v_looked record;
BEGIN
    FOR v_looked IN
        WITH mine AS MATERIALIZED (
            SELECT a.org_id, a.waba_id, a.asked_at, a.failures, i.ids, i.error_code, i.error_message, i.retry_after_s
              FROM unnest(p_org_ids, p_waba_ids, p_ids, p_error_codes, p_error_messages, p_retry_afters_s)
                   AS i (org_id, waba_id, ids, error_code, error_message, retry_after_s)
              JOIN template_accounts a ON a.org_id = i.org_id AND a.waba_id = i.waba_id
             WHERE a.look_id = p_look_id ORDER BY a.org_id, a.waba_id FOR UPDATE OF a SKIP LOCKED
        ), looked AS (
            UPDATE template_accounts a
               SET look_id = NULL,
                   looked_at = CASE WHEN m.error_code IS NULL THEN m.asked_at ELSE a.looked_at END,
                   failed_at = CASE WHEN m.error_code IS NOT NULL THEN m.asked_at END,
                   failures = CASE WHEN m.error_code IS NULL THEN 0 ELSE m.failures + 1 END,
                   error_code = left(m.error_code, 64), error_message = left(m.error_message, 500),
                   due_at = clock_timestamp()
                            + greatest(look_after(p_interval_s, CASE WHEN m.error_code IS NULL THEN 0 ELSE m.failures + 1 END),
                                       least(m.retry_after_s, 86400) * interval '1 second')
              FROM mine m WHERE a.org_id = m.org_id AND a.waba_id = m.waba_id
        )
        SELECT m.* FROM mine m WHERE m.error_code IS NULL AND m.ids IS NOT NULL
    LOOP
        PERFORM forget_templates(v_looked.org_id, v_looked.waba_id, v_looked.asked_at, v_looked.ids::json);
    END LOOP;
    RETURN EXISTS (SELECT FROM unnest(p_error_codes) AS e (code) CROSS JOIN LATERAL error_rule_of(e.code) r
                    WHERE r.class IN ('rate_limit', 'temporary', 'network'));
END $$;
