-- admin_create_operator: makes an operator (name, role) and its token, which is told this once.
CREATE OR REPLACE FUNCTION admin_create_operator(p_actor text, p_body json) RETURNS json
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
DECLARE
    v_name     CONSTANT text := p_body ->> 'name';
    v_role     CONSTANT text := p_body ->> 'role';
    v_token    CONSTANT text := new_token('tgo_');
    v_operator operators;
BEGIN
    PERFORM act_as(p_actor);
    -- (admin is what the holder of TOLLGATE_ADMIN_TOKEN goes by.)
    IF v_name !~ '^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$' OR lower(v_name) = 'admin' THEN
        PERFORM refuse('invalid_field', 'name', 'name must have 1 to 64 letters, digits and . _ @ -, and not be admin');
    END IF;
    PERFORM check_role(v_role);
    INSERT INTO operators (name, role, prefix, token_hash)
    VALUES (v_name, v_role, left(v_token, 12), sha256(v_token::bytea))
    ON CONFLICT DO NOTHING RETURNING * INTO v_operator;
    IF v_operator.id IS NULL THEN
        PERFORM refuse('already_exists', 'name', 'There is an operator of that name');
    END IF;
    RETURN (operator_document(v_operator)::jsonb || jsonb_build_object('token', v_token))::json;
END $$;
