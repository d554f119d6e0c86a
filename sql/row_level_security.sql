-- I7, the last wall: whoever is not the owner sees rows of one org alone, and none while it is not named. The set-based
-- procedures run as the owner and carry org_id in every join.
--
-- Every table that belongs to orgs has it. Each role that reads any has a policy of its own, which says who names the
-- org: ingress by the setting tollgate.org_id, a tenant by the claims of its JWT, as PostgREST sets them
-- (tenant_rights.sql). Another role has none, and sees nothing whatever it is granted. There is none to write by.
--
-- A wall that stands is let alone: to build it anew locks its table, for which a running gateway would have to wait.
-- So one that is to become another is first dropped, by a new file of sql/tables.

DO $$
DECLARE
    c_readers CONSTANT text[] := ARRAY[
        ['tollgate_ingress', 'ingress_reads',
         'nullif(current_setting(''tollgate.org_id'', true), '''')::uuid'],
        -- (app_metadata is the issuer's to write, user_metadata anybody's.)
        ['tollgate_tenant', 'tenant_reads',
         'nullif(nullif(current_setting(''request.jwt.claims'', true), '''')::jsonb '
         '#>> ''{app_metadata,org_id}'', '''')::uuid']];
    v_wall    record;
BEGIN
    FOR v_wall IN
        SELECT c.oid::regclass AS table, c.relrowsecurity AS stands,
               CASE c.relname WHEN 'organizations' THEN 'id' ELSE 'org_id' END AS org,
               r.role, r.policy, r.names,
               to_regrole(r.role) IS NOT NULL AND NOT EXISTS (
                   SELECT FROM pg_policy p WHERE p.polrelid = c.oid AND p.polname = r.policy) AS is_missing
          FROM pg_class c
         CROSS JOIN (SELECT c_readers[i][1], c_readers[i][2], c_readers[i][3]
                       FROM generate_subscripts(c_readers, 1) i) AS r (role, policy, names)
         WHERE c.relnamespace = 'tollgate'::regnamespace AND c.relkind IN ('r', 'p')
           AND (c.relname = 'organizations'
                OR EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'org_id'))
    LOOP
        IF NOT v_wall.stands THEN
            EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', v_wall.table);
        END IF;
        IF v_wall.is_missing THEN
            EXECUTE format('CREATE POLICY %I ON %s FOR SELECT TO %I USING (%I = (SELECT %s))', v_wall.policy,
                           v_wall.table, v_wall.role, v_wall.org, v_wall.names);
        END IF;
    END LOOP;
END $$;
