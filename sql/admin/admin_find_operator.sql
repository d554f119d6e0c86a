-- admin_find_operator: the operator whose token has this hash; no row if there is none or it is revoked. That it was
-- used is noted at most once a minute.
CREATE OR REPLACE FUNCTION admin_find_operator(p_token_hash bytea) RETURNS TABLE (name text, role text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
#variable_conflict use_column
BEGIN
    UPDATE operators o SET last_used_at = now()
     WHERE o.token_hash = p_token_hash AND o.revoked_at IS NULL
       AND coalesce(o.last_used_at < now() - interval '1 minute', true);
    RETURN QUERY SELECT o.name, o.role FROM operators o WHERE o.token_hash = p_token_hash AND o.revoked_at IS NULL;
END $$;
