-- retry_delay: how long to wait after so many attempts: exponential from 2 s with full jitter, at most 15
-- minutes. What Meta refuses because of the pair of numbers waits 4^n seconds, n = 0, 1, 2, ... (Meta's
-- advice for 131056). Never shorter than Retry-After.
CREATE OR REPLACE FUNCTION retry_delay(p_action text, p_attempt integer, p_retry_after_s bigint)
RETURNS interval LANGUAGE sql VOLATILE
RETURN greatest(least(900, CASE p_action WHEN 'pause_conversation' THEN 4 ^ (p_attempt - 1)
                                         ELSE random() * 2 ^ p_attempt END),
                coalesce(p_retry_after_s, 0)) * interval '1 second';
