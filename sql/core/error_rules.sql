-- Error rules: what follows from an outcome that is not success.

-- Is a rule for this subcode, and these words, for an answer with those?
CREATE OR REPLACE FUNCTION error_rule_fits(p_rule_subcode bigint, p_rule_words text, p_subcode bigint, p_words text)
RETURNS boolean LANGUAGE sql IMMUTABLE
RETURN (p_rule_subcode IS NULL OR p_rule_subcode = p_subcode) AND (p_rule_words IS NULL OR p_words ~* p_rule_words);

-- The rule for an outcome, Meta's subcode and Meta's words (NULL where there are none); no row for NULL. Of those
-- that fit the closest one: for this code before its range (of our own http: for this status before its kind),
-- then for this subcode, then for these words; `default` fits anything. For FROM clauses, where it becomes part
-- of the statement.
CREATE OR REPLACE FUNCTION error_rule_of(p_outcome text, p_subcode bigint DEFAULT NULL, p_words text DEFAULT NULL)
RETURNS SETOF error_rules LANGUAGE sql STABLE AS $$
    SELECT closest.* FROM (
        (SELECT r.* FROM error_rules r
          WHERE r.first_code = CASE WHEN p_outcome ~ '^[0-9]{1,9}$' THEN p_outcome::integer END
            AND r.first_code = r.last_code AND error_rule_fits(r.subcode, r.words, p_subcode, p_words)
          ORDER BY r.subcode, r.words IS NULL, length(r.words) DESC, r.outcome)
        UNION ALL
        (SELECT r.* FROM error_rules r
          WHERE CASE WHEN p_outcome ~ '^[0-9]{1,9}$' THEN p_outcome::integer END BETWEEN r.first_code AND r.last_code
            AND error_rule_fits(r.subcode, r.words, p_subcode, p_words)
          ORDER BY r.last_code - r.first_code, r.subcode, r.words IS NULL, length(r.words) DESC, r.outcome)
        UNION ALL
        (SELECT r.* FROM error_rules r
          WHERE r.outcome = ANY (ARRAY[p_outcome, regexp_replace(p_outcome, '^http:([1-5])[0-9]{2}$', 'http:\1xx'),
                                       'default'])
          ORDER BY r.outcome = 'default', r.outcome <> p_outcome)
        LIMIT 1) closest -- what comes after the first is not even looked for
     WHERE p_outcome IS NOT NULL; -- nor anything for what is sent
$$;

-- Is a failure with this outcome refunded? A code without a rule is judged by Meta's is_transient.
CREATE OR REPLACE FUNCTION is_refundable(p_rule error_rules, p_transient boolean) RETURNS boolean
LANGUAGE sql IMMUTABLE
RETURN CASE WHEN (p_rule).outcome = 'default' THEN coalesce(p_transient, false)
            ELSE (p_rule).refundable END;
