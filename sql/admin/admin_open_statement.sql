-- admin_open_statement: as open_statement, for operators.
CREATE OR REPLACE FUNCTION admin_open_statement(p_org_id uuid, p_since_ms bigint, p_until_ms bigint, p_rows_max bigint)
RETURNS TABLE (after_n bigint, until_n bigint, opening text, closing text, since text, until text, currency text)
LANGUAGE sql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
    SELECT * FROM open_statement(p_org_id, p_since_ms, p_until_ms, p_rows_max);
$$;
