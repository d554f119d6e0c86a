-- admin_revoke_operator: from now on the operator's token is nobody's.
CREATE OR REPLACE FUNCTION admin_revoke_operator(p_actor text, p_name text) RETURNS json
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
DECLARE
    v_operator operators;
BEGIN
    PERFORM act_as(p_actor);
    UPDATE operators o SET revoked_at = now() WHERE lower(o.name) = lower(p_name) AND o.revoked_at IS NULL
    RETURNING * INTO v_operator;
    IF v_operator.id IS NULL THEN
        PERFORM refuse('not_found', NULL, 'There is no operator of that name');
    END IF;
    RETURN operator_document(v_operator);
END $$;
