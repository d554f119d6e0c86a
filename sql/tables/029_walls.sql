-- From here on row-level security is said for each role by itself (row_level_security.sql): policies that fit a role
-- are ORed, so that one for everybody would let a tenant in where it should be let in by its own claims alone.
DO $$
DECLARE
    v_table regclass;
BEGIN
    FOR v_table IN
        SELECT p.polrelid FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid
         WHERE c.relnamespace = 'tollgate'::regnamespace AND p.polname = 'own_org'
    LOOP
        EXECUTE format('DROP POLICY own_org ON %s', v_table);
    END LOOP;
END $$;
