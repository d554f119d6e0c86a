-- What the functions of the desks have in common: of operators in the room admin, of orgs in the room ingress. Those that
-- change something have p_actor first, and return the thing as it is then; all of them return JSON documents.

-- org_named: the org of this id, or a refusal.
CREATE OR REPLACE FUNCTION org_named(p_org_id uuid, p_field text DEFAULT NULL) RETURNS organizations
LANGUAGE plpgsql STABLE AS $$
DECLARE
    v_org organizations;
BEGIN
    SELECT * INTO v_org FROM organizations o WHERE o.id = p_org_id;
    IF NOT FOUND THEN
        PERFORM refuse('org_not_found', p_field, 'There is no such org');
    END IF;
    RETURN v_org;
END $$;

-- check_role: refuses what is no role.
CREATE OR REPLACE FUNCTION check_role(p_role text) RETURNS void
LANGUAGE plpgsql STABLE AS $$
BEGIN
    IF p_role NOT IN ('viewer', 'operator', 'owner') THEN
        PERFORM refuse('invalid_field', 'role', 'role must be viewer, operator or owner');
    END IF;
END $$;

-- operator_document: an operator as operators see it.
CREATE OR REPLACE FUNCTION operator_document(p_operator operators) RETURNS json
LANGUAGE sql STABLE AS $$
    SELECT json_build_object('name', (p_operator).name, 'role', (p_operator).role, 'prefix', (p_operator).prefix,
                             'created_at', time_text((p_operator).created_at),
                             'last_used_at', time_text((p_operator).last_used_at),
                             'revoked_at', time_text((p_operator).revoked_at));
$$;
