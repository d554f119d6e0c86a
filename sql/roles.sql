-- Who may do what. The daemons, and the operators whom ingress lets in, are neither owner nor superuser: they call
-- the functions of their rooms and nothing else, and what they read by themselves goes through row-level security
-- (row_level_security.sql).
-- deploy/migrate runs this in its transaction each time, so what is said here is the whole truth: what is
-- not is taken away. (The temporary table made: rooms.sql.)
--
-- Making a role needs CREATEROLE. Without it the roles are somebody else's to make; migrating goes on.
--
-- Passwords, where the environment names them, travel as settings of this transaction. PostgreSQL logs nothing of
-- it, where the owner may say so (a superuser may).
DO $$
BEGIN
    PERFORM set_config(s.name, s.setting, true)
       FROM (VALUES ('log_statement', 'none'), ('log_min_duration_statement', '-1'),
                    ('log_min_error_statement', 'panic')) AS s (name, setting);
EXCEPTION WHEN insufficient_privilege THEN
    NULL;
END $$;
\set ingress_password ''
\set worker_password ''
\set operator_password ''
\set relay ''
\getenv ingress_password TOLLGATE_INGRESS_PASSWORD
\getenv worker_password TOLLGATE_WORKER_PASSWORD
\getenv operator_password TOLLGATE_OPERATOR_PASSWORD
\getenv relay TOLLGATE_RELAY
SELECT set_config('tollgate.ingress_password', :'ingress_password', true),
       set_config('tollgate.worker_password', :'worker_password', true),
       set_config('tollgate.operator_password', :'operator_password', true),
       set_config('tollgate.relay', :'relay', true) \g /dev/null

DO $$
DECLARE
    v_room      text;
    v_role      text;
    v_statement text;
BEGIN
    FOREACH v_room IN ARRAY ARRAY['ingress', 'worker', 'admin'] LOOP
        v_role := CASE v_room WHEN 'admin' THEN 'tollgate_operator' ELSE 'tollgate_' || v_room END;
        BEGIN
            IF to_regrole(v_role) IS NULL THEN
                EXECUTE format('CREATE ROLE %I LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE', v_role);
            END IF;
        EXCEPTION
            WHEN insufficient_privilege THEN
                RAISE NOTICE 'role % is missing and % may not make it: it gets no rights', v_role, current_user;
            WHEN duplicate_object OR unique_violation THEN
                NULL; -- another database of this server was migrated at the same moment
        END;
        BEGIN
            IF current_setting(replace(v_role, 'tollgate_', 'tollgate.') || '_password') <> '' THEN
                EXECUTE format('ALTER ROLE %I PASSWORD %L', v_role,
                               current_setting(replace(v_role, 'tollgate_', 'tollgate.') || '_password'));
            END IF;
        EXCEPTION WHEN insufficient_privilege OR undefined_object THEN
            RAISE NOTICE '% may not set the password of %: it stays as it is', current_user, v_role;
        END;
        CONTINUE WHEN to_regrole(v_role) IS NULL;
        FOR v_statement IN
            SELECT format('GRANT CONNECT ON DATABASE %I TO %I', current_database(), v_role)
             WHERE NOT has_database_privilege(v_role, current_database(), 'CONNECT')
            UNION ALL
            SELECT format('GRANT USAGE ON SCHEMA tollgate TO %I', v_role)
             WHERE NOT has_schema_privilege(v_role, 'tollgate', 'USAGE')
            UNION ALL
            SELECT format('REVOKE ALL ON FUNCTION %s FROM %I', p.oid::regprocedure, v_role)
              FROM pg_proc p, aclexplode(p.proacl) a
             WHERE p.pronamespace = 'tollgate'::regnamespace AND a.grantee = to_regrole(v_role)
            UNION ALL
            SELECT format('GRANT EXECUTE ON FUNCTION %s TO %I', m.function::regprocedure, v_role)
              FROM made m WHERE m.room IN ('daemons', v_room)
                             OR (m.room = 'desk' AND v_room IN ('ingress', 'admin'))
                             OR (m.room = 'relay' AND v_room = 'ingress'
                                 AND current_setting('tollgate.relay') <> 'off')
            UNION ALL
            SELECT format('REVOKE ALL ON ALL TABLES IN SCHEMA tollgate FROM %I', v_role)
            UNION ALL
            -- What the reads of ingress see: of channels all but the access token.
            SELECT format('GRANT SELECT %s TO %I', t.seen, v_role)
              FROM (VALUES ('ON organizations, wallets, wallet_locks, wallet_transactions, contacts, messages, '
                            'message_changes, account_notices, outbox, attempts, auto_replies, conversations, '
                            'contact_cards, contact_terms, preferences, campaign_messages, channel_health, channel_facts, '
                            'templates, template_accounts, '
                            'usage_days, usage_messages, usage_money, usage_walk, events, deliveries, '
                            'delivery_attempts, automation_rules, rule_versions, media'),
                           ('(org_id, id, phone_number_id, display_phone_number, waba_id, service_fee_per_msg, '
                            'max_mps, status, paused_for, created_at) ON channels')) AS t (seen)
             WHERE v_room = 'ingress'
        LOOP
            EXECUTE v_statement;
        END LOOP;
    END LOOP;
END $$;
