-- Who may do what. The daemons are neither owner nor superuser: they call the functions of their rooms and
-- nothing else, and what they read by themselves goes through row-level security (row_level_security.sql).
-- deploy/migrate runs this in its transaction each time, so what is said here is the whole truth: what is
-- not is taken away. (The temporary table made: rooms.sql.)

-- Making a role needs CREATEROLE. Without it the roles are somebody else's to make; migrating goes on.
DO $$
DECLARE
    v_role text;
BEGIN
    FOREACH v_role IN ARRAY ARRAY['tollgate_ingress', 'tollgate_worker'] LOOP
        CONTINUE WHEN EXISTS (SELECT FROM pg_roles WHERE rolname = v_role);
        BEGIN
            EXECUTE format('CREATE ROLE %I LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE', v_role);
        EXCEPTION
            WHEN insufficient_privilege THEN
                RAISE NOTICE 'role % is missing and % may not make it: it gets no rights', v_role,
                    current_user;
            WHEN duplicate_object OR unique_violation THEN
                NULL; -- another database of this server was migrated at the same moment
        END;
    END LOOP;
END $$;

-- Passwords, where the environment names them. They travel as settings of this transaction, so that no
-- statement holds one.
\getenv ingress_password TOLLGATE_INGRESS_PASSWORD
\getenv worker_password TOLLGATE_WORKER_PASSWORD
\if :{?ingress_password}
SELECT set_config('tollgate.ingress_password', :'ingress_password', true) \g /dev/null
\endif
\if :{?worker_password}
SELECT set_config('tollgate.worker_password', :'worker_password', true) \g /dev/null
\endif

DO $$
DECLARE
    v_name text;
    v_password text;
BEGIN
    FOREACH v_name IN ARRAY ARRAY['ingress', 'worker'] LOOP
        v_password := current_setting('tollgate.' || v_name || '_password', true);
        CONTINUE WHEN coalesce(v_password, '') = '';
        BEGIN
            EXECUTE format('ALTER ROLE %I PASSWORD %L', 'tollgate_' || v_name, v_password);
        EXCEPTION WHEN insufficient_privilege OR undefined_object THEN
            RAISE NOTICE '% may not set the password of tollgate_%: it stays as it is', current_user,
                v_name;
        END;
    END LOOP;
END $$;

-- What the reads of ingress see. NULL: every column.
CREATE TEMP TABLE granted_tables (role_name, table_name, columns) ON COMMIT DROP AS VALUES
    ('tollgate_ingress', 'organizations', NULL),
    ('tollgate_ingress', 'wallets', NULL),
    ('tollgate_ingress', 'wallet_locks', NULL),
    ('tollgate_ingress', 'wallet_transactions', NULL),
    ('tollgate_ingress', 'contacts', NULL),
    ('tollgate_ingress', 'messages', NULL),
    ('tollgate_ingress', 'outbox', NULL),
    ('tollgate_ingress', 'attempts', NULL),
    ('tollgate_ingress', 'auto_replies', NULL),
    -- All but the access token.
    ('tollgate_ingress', 'channels', '(org_id, id, phone_number_id, waba_id, service_fee_per_msg, '
                                     'max_mps, status, paused_for, created_at)');

DO $$
DECLARE
    v_function regprocedure;
    v_role     text;
    v_granted  record;
BEGIN
    FOR v_role IN
        SELECT rolname FROM pg_roles WHERE rolname IN ('tollgate_ingress', 'tollgate_worker')
    LOOP
        IF NOT has_database_privilege(v_role, current_database(), 'CONNECT') THEN
            EXECUTE format('GRANT CONNECT ON DATABASE %I TO %I', current_database(), v_role);
        END IF;
        IF NOT has_schema_privilege(v_role, 'tollgate', 'USAGE') THEN
            EXECUTE format('GRANT USAGE ON SCHEMA tollgate TO %I', v_role);
        END IF;
        FOR v_function IN
            SELECT p.oid FROM pg_proc p, aclexplode(p.proacl) a
             WHERE p.pronamespace = 'tollgate'::regnamespace AND a.grantee = v_role::regrole
        LOOP
            EXECUTE format('REVOKE ALL ON FUNCTION %s FROM %I', v_function, v_role);
        END LOOP;
        FOR v_function IN
            SELECT m.function FROM made m WHERE m.room IN ('daemons', substr(v_role, 10))
        LOOP
            EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO %I', v_function, v_role);
        END LOOP;
        EXECUTE format('REVOKE ALL ON ALL TABLES IN SCHEMA tollgate FROM %I', v_role);
        FOR v_granted IN SELECT * FROM granted_tables WHERE role_name = v_role LOOP
            EXECUTE format('GRANT SELECT %s ON %I TO %I', coalesce(v_granted.columns, ''),
                           v_granted.table_name, v_role);
        END LOOP;
    END LOOP;
END $$;
