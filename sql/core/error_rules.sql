-- Error rules: what follows from an outcome that is not success.

-- The rule for an outcome: its own row, else the range that holds its code, else `default`; no row for NULL. For
-- FROM clauses, where it becomes part of the statement.
CREATE OR REPLACE FUNCTION error_rule_of(p_outcome text) RETURNS SETOF error_rules
LANGUAGE sql STABLE AS $$
    SELECT r.* FROM error_rules r WHERE r.outcome = p_outcome
    UNION ALL
    SELECT r.* FROM error_rules r
     WHERE p_outcome ~ '^[0-9]{1,9}$'
       AND CASE WHEN p_outcome ~ '^[0-9]{1,9}$' THEN p_outcome::integer END
           BETWEEN r.first_code AND r.last_code
    UNION ALL
    SELECT r.* FROM error_rules r WHERE r.outcome = 'default' AND p_outcome IS NOT NULL
    LIMIT 1; -- what comes after the first is not even looked for
$$;

-- Is a failure with this outcome refunded? A code without a rule is judged by Meta's is_transient.
CREATE OR REPLACE FUNCTION is_refundable(p_rule error_rules, p_transient boolean) RETURNS boolean
LANGUAGE sql IMMUTABLE
RETURN CASE WHEN (p_rule).outcome = 'default' THEN coalesce(p_transient, false)
            ELSE (p_rule).refundable END;
