-- What the functions of the room admin have in common. Those that change something have p_actor first, and return the
-- thing as it is then; all of them return JSON documents.

-- refuse: ends the call with what its caller is to hear (common/pg/pg.h): a code, the member or parameter that is
-- wrong (NULL: none is), and a sentence.
CREATE OR REPLACE FUNCTION refuse(p_code text, p_field text, p_message text) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION USING ERRCODE = 'TG001', CONSTRAINT = p_code, COLUMN = coalesce(p_field, ''), MESSAGE = p_message;
END $$;

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

-- page_of: a page as a document: of rows, one more than p_limit where there is another page, the first p_limit; and
-- what to ask with for that one, the cursor of the last that is shown.
CREATE OR REPLACE FUNCTION page_of(p_name text, p_limit bigint, p_rows json[], p_cursors json[]) RETURNS json
LANGUAGE sql IMMUTABLE
RETURN json_build_object(
    p_name, coalesce((SELECT json_agg(r.shown ORDER BY r.place)
                        FROM unnest(p_rows) WITH ORDINALITY AS r (shown, place) WHERE r.place <= p_limit), '[]'::json),
    'next_before', CASE WHEN cardinality(p_rows) > p_limit THEN p_cursors[p_limit] END);

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
