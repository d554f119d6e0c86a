-- admin_change_operator: another role of an operator, from its next request on.
CREATE OR REPLACE FUNCTION admin_change_operator(p_actor text, p_name text, p_body json) RETURNS json
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
DECLARE
    v_operator operators;
BEGIN
    PERFORM act_as(p_actor), check_role(p_body ->> 'role');
    UPDATE operators o SET role = coalesce(p_body ->> 'role', o.role)
     WHERE lower(o.name) = lower(p_name) AND o.revoked_at IS NULL RETURNING * INTO v_operator;
    IF v_operator.id IS NULL AND lower(p_name) = 'admin' THEN
        PERFORM refuse('conflict', NULL, 'admin is who holds TOLLGATE_ADMIN_TOKEN, and stays an owner');
    ELSIF v_operator.id IS NULL THEN
        PERFORM refuse('not_found', NULL, 'There is no operator of that name');
    END IF;
    RETURN operator_document(v_operator);
END $$;
