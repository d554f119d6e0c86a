-- I7, the last wall: whoever is not the owner sees rows of the org named by tollgate.org_id alone, and
-- none while that is unset. The set-based procedures run as the owner and carry org_id in every join.
--
-- Every table that belongs to orgs has it. A wall that stands is let alone: to build it anew locks its table,
-- for which a running gateway would have to wait.

DO $$
DECLARE
    v_table text;
BEGIN
    FOR v_table IN
        SELECT c.relname FROM pg_class c
         WHERE c.relnamespace = 'tollgate'::regnamespace AND c.relkind IN ('r', 'p')
           AND (c.relname = 'organizations'
                OR EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'org_id'))
           AND NOT EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid AND p.polname = 'own_org')
    LOOP
        EXECUTE format(
            'ALTER TABLE %1$I ENABLE ROW LEVEL SECURITY; CREATE POLICY own_org ON %1$I USING '
            '(%2$I = (SELECT nullif(current_setting(''tollgate.org_id'', true), '''')::uuid))',
            v_table, CASE v_table WHEN 'organizations' THEN 'id' ELSE 'org_id' END);
    END LOOP;
END $$;
