-- What everybody may do in this database: nothing, where it is Tollgate's alone. So who has a daemon's password
-- makes no temporary tables and no large objects with it, and calls nothing that the owner has made by hand.
--
-- Where others have tables in the database too (search_path.sql), their roles may rely on what PostgreSQL gives to
-- PUBLIC, and it is let alone. Nor can everything be taken away by everybody: the database is its owner's, large
-- objects are a superuser's.

DO $$
DECLARE
    v_others    CONSTANT boolean := current_setting('tollgate.shared') = 'yes' OR EXISTS (
        SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE n.nspname NOT IN ('tollgate', 'tollgate_early', 'information_schema') AND n.nspname !~ '^pg_'
           AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid
                              AND d.deptype = 'e'));
    v_statement text;
BEGIN
    FOR v_statement IN
        SELECT format('REVOKE ALL ON DATABASE %I FROM PUBLIC', d.datname)
          FROM pg_database d
         WHERE d.datname = current_database() AND pg_has_role(d.datdba, 'USAGE') AND NOT v_others
        UNION ALL
        SELECT format('GRANT CONNECT ON DATABASE %I TO %I', d.datname, r.rolname)
          FROM pg_database d, pg_roles r
         WHERE d.datname = current_database() AND pg_has_role(d.datdba, 'USAGE') AND NOT v_others
           AND r.rolname IN ('tollgate_ingress', 'tollgate_worker', 'tollgate_operator')
        UNION ALL
        SELECT 'REVOKE ALL ON SCHEMA public FROM PUBLIC'
          FROM pg_namespace n WHERE n.nspname = 'public' AND pg_has_role(n.nspowner, 'USAGE') AND NOT v_others
        UNION ALL
        SELECT format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', p.oid::regprocedure)
          FROM pg_proc p
         WHERE p.pronamespace = 'pg_catalog'::regnamespace AND p.proname ~ '^(lo_.*|loread|lowrite)$'
           AND (SELECT r.rolsuper FROM pg_roles r WHERE r.rolname = current_user) AND NOT v_others
        UNION ALL
        -- (Of a schema alone it could not be said: what is given to PUBLIC everywhere would stay.)
        SELECT 'ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC'
         WHERE current_setting('tollgate.shared') = 'no'
    LOOP
        EXECUTE v_statement;
    END LOOP;
END $$;
