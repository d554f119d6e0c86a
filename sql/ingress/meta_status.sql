-- meta_status: with which HTTP status Meta answers an outcome; NULL: it is none of Meta's codes, or one without a rule.
-- (error_rules belong to no org.)
CREATE OR REPLACE FUNCTION meta_status(p_outcome text, p_subcode bigint, p_words text) RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
    SELECT r.http::bigint FROM error_rule_of(p_outcome, p_subcode, p_words) r
     WHERE p_outcome ~ '^[0-9]+$' AND r.http ~ '^[0-9]{3}$';
$$;
