-- By whom Tollgate's tables and procedures are found under their bare names in this database: by its own
-- roles, and by the owner unless that is also somebody else's. The functions and the daemons need none of it:
-- they have a search_path of their own.
--
-- Somebody else's is a role that owns things outside of the schema tollgate (extensions' aside), or that has a
-- search_path already, or of which deploy/migrate --shared has said so, now or before: the schema's comment keeps
-- that. Its search_path is let alone: bare names that another program uses would mean our tables, and what it
-- creates would be created among them. So --shared also takes back what an earlier run has set.

DO $$
DECLARE
    c_owner  CONSTANT text := 'tollgate, public';
    c_shared CONSTANT text := 'Tollgate. Its owner is also another application''s (deploy/migrate --shared).';
    v_role   text;
BEGIN
    IF current_setting('tollgate.shared') = 'yes' THEN
        EXECUTE format('COMMENT ON SCHEMA tollgate IS %L', c_shared);
    END IF;
    IF obj_description('tollgate'::regnamespace, 'pg_namespace') = c_shared THEN
        PERFORM set_config('tollgate.shared', 'yes', true);
        IF EXISTS (SELECT FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase
                    WHERE s.setrole = current_user::regrole AND d.datname = current_database()
                      AND 'search_path=' || c_owner = ANY (s.setconfig)) THEN
            EXECUTE format('ALTER ROLE %I IN DATABASE %I RESET search_path', current_user, current_database());
        END IF;
    ELSIF EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                   WHERE c.relowner = current_user::regrole
                     AND n.nspname NOT IN ('tollgate', 'tollgate_early', 'information_schema')
                     AND n.nspname !~ '^pg_'
                     AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass
                                        AND d.objid = c.oid AND d.deptype = 'e'))
          OR EXISTS (SELECT FROM pg_db_role_setting s, unnest(s.setconfig) AS c (setting)
                      WHERE s.setrole = current_user::regrole AND c.setting ~ '^search_path='
                        AND c.setting <> 'search_path=' || c_owner
                        AND s.setdatabase IN (0, (SELECT d.oid FROM pg_database d
                                                   WHERE d.datname = current_database()))) THEN
        PERFORM set_config('tollgate.shared', 'yes', true);
    END IF;
    FOR v_role IN
        SELECT r.rolname FROM pg_roles r
         WHERE r.rolname IN ('tollgate_ingress', 'tollgate_worker', 'tollgate_operator')
            OR r.rolname = current_user AND current_setting('tollgate.shared') = 'no'
    LOOP
        BEGIN
            EXECUTE format('ALTER ROLE %I IN DATABASE %I SET search_path = %s', v_role, current_database(),
                           CASE v_role WHEN current_user THEN c_owner ELSE 'tollgate' END);
        EXCEPTION WHEN insufficient_privilege THEN
            NULL; -- made beforehand by somebody who may; its daemon does not need it
        END;
    END LOOP;
END $$;
