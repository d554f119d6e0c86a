-- admin_list_error_rules: all error rules, by outcome.
CREATE OR REPLACE FUNCTION admin_list_error_rules() RETURNS json
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
    SELECT json_build_object('error_rules', json_agg(error_rule_document(r) ORDER BY r.first_code, r.outcome))
      FROM error_rules r;
$$;
