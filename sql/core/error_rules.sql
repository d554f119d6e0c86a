-- Error rules: what follows from an outcome that is not success.

-- The rule for an outcome: its own row, else the range that holds its code, else `default`.
CREATE OR REPLACE FUNCTION find_error_rule(p_outcome text) RETURNS error_rules
LANGUAGE sql STABLE
SET search_path = tollgate, pg_temp
AS $$
    SELECT r FROM error_rules r
     WHERE r.outcome IN (p_outcome, 'default')
        OR CASE WHEN p_outcome ~ '^[0-9]{1,9}$' THEN p_outcome::integer END
           BETWEEN r.first_code AND r.last_code
     ORDER BY r.outcome = p_outcome DESC, r.outcome = 'default'
     LIMIT 1;
$$;

-- Is a failure with this outcome refunded? A code without a rule is judged by Meta's is_transient.
CREATE OR REPLACE FUNCTION is_refundable(p_rule error_rules, p_transient boolean) RETURNS boolean
LANGUAGE sql IMMUTABLE
RETURN CASE WHEN (p_rule).outcome = 'default' THEN coalesce(p_transient, false)
            ELSE (p_rule).refundable END;
