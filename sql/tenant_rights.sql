-- What an org's own people may read in the database itself: the role tollgate_tenant, which nobody logs in as. It is
-- for a role that PostgREST changes to for who has a good JWT, such as Supabase's authenticated (docs/supabase.md): of
-- each table it sees the rows of the org that the JWT names (row_level_security.sql), of these the columns below, and
-- none of a secret (tokens, hashes, what is sealed). It writes nothing, and calls nothing.
--
-- As in roles.sql, what is said here is the whole truth, and who may not make roles goes on without.
DO $$
DECLARE
    v_statement text;
BEGIN
    BEGIN
        IF to_regrole('tollgate_tenant') IS NULL THEN
            CREATE ROLE tollgate_tenant NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE;
        END IF;
    EXCEPTION
        WHEN insufficient_privilege THEN
            RAISE NOTICE 'role tollgate_tenant is missing and % may not make it: it gets no rights', current_user;
        WHEN duplicate_object OR unique_violation THEN
            NULL; -- another database of this server was migrated at the same moment
    END;
    FOR v_statement IN
        SELECT s.* FROM (
            SELECT 'GRANT USAGE ON SCHEMA tollgate TO tollgate_tenant'
             WHERE to_regrole('tollgate_tenant') IS NOT NULL
               AND NOT has_schema_privilege('tollgate_tenant', 'tollgate', 'USAGE')
            UNION ALL
            SELECT format('REVOKE ALL ON FUNCTION %s FROM tollgate_tenant', p.oid::regprocedure)
              FROM pg_proc p, aclexplode(p.proacl) a
             WHERE p.pronamespace = 'tollgate'::regnamespace AND a.grantee = to_regrole('tollgate_tenant')
            UNION ALL
            SELECT 'REVOKE ALL ON ALL TABLES IN SCHEMA tollgate FROM tollgate_tenant'
            UNION ALL
            SELECT format('GRANT SELECT (%s) ON %I TO tollgate_tenant', t.columns, t.table)
              FROM (VALUES
                  ('organizations', 'id, name, status, currency, opt_out_words, opt_in_words, replies_per_minute_max, '
                                    'default_country, default_channel_id, undelivered_after, keep_bodies_for, '
                                    'outside_window, template_check, time_zone, '
                                    'reply_meta_cost, keep_media, keep_media_for, keep_media_types, '
                                    'keep_media_max_bytes, media_quota_bytes, created_at'),
                  ('channels', 'org_id, id, phone_number_id, display_phone_number, waba_id, service_fee_per_msg, '
                               'max_mps, status, paused_for, created_at'),
                  ('channel_health', 'org_id, channel_id, paused_at, looked_at, failed_at, error_code, error_message'),
                  ('channel_facts', 'org_id, channel_id, fact, value, as_of'),
                  ('template_accounts', 'org_id, waba_id, looked_at, failed_at, error_code, error_message'),
                  ('templates', 'org_id, id, n, waba_id, name, language, status, reason, reason_says, status_as_of, category, '
                                'category_as_of, quality, quality_as_of, parameter_format, components, content_as_of, wants, '
                                'seen_at'),
                  ('alerts', 'org_id, id, channel_id, rule_id, kind, outcome, message, advice, raised_at, resolved_at'),
                  ('wallets', 'org_id, balance, currency'),
                  ('wallet_locks', 'org_id'),
                  ('wallet_transactions', 'org_id, n, kind, amount, balance_after, message_id, description, created_at'),
                  ('contacts', 'org_id, id, phone, user_id, name, merged_into, erased_at, created_at'),
                  ('contact_cards', 'org_id, contact_id, name, language, tags, attributes'),
                  ('conversations', 'org_id, channel_id, contact_id, last_inbound_at, first_message_id, opted_out_at, '
                                    'preference_at, newest_id, unread, read_until'),
                  ('messages', 'org_id, id, channel_id, contact_id, direction, type, payload, callback_data, fee, '
                               'refunded, refund_waived, status, attempts, wamid, error_code, error_subcode, '
                               'error_message, error_transient, text, summary, media_id, mime_type, reply_to, referral, '
                               'pricing, group_id, origin, created_at, unconfirmed_at, sent_at, delivered_at, read_at, '
                               'failed_at, body_gone_at, claimed_at, took_ms, outside_window, '
                               'template_warning'),
                  ('message_changes', 'org_id, message_id, channel_id, wamid'),
                  ('attempts', 'org_id, message_id, attempt, outcome, error_message, claimed_at, settled_at'),
                  ('outbox', 'org_id, message_id, channel_id, contact_id, priority, state, attempt, due_at, not_after, '
                             'queued_at'),
                  ('automation_rules', 'org_id, id, channel_id, priority, match_kind, match_on, pattern, reply, '
                                       'cooldown_s, daily_cap, active, state, refused_for, written_at, created_at, hours, '
                                       'daily_spend_cap, meta_cost, version, changed_at, changed_by'),
                  ('rule_versions', 'org_id, rule_id, version, rule, changed_at, changed_by'),
                  ('auto_replies', 'org_id, message_id, channel_id, contact_id, rule_id, rule_version, reply_id, '
                                   'reply_skipped, created_at'),
                  ('campaigns', 'org_id, id, channel_id, name, state, type, placeholders, send_at, not_after, max_mps, '
                                'recipients, fee, not_started_for, ended_for, created_at, started_at, ended_at'),
                  ('campaign_messages', 'org_id, campaign_id, message_id, n'),
                  ('usage_messages', 'day, org_id, channel_id, category, accepted, sent, delivered, read, failed, '
                                     'refunded, received, auto_replies'),
                  ('usage_money', 'day, org_id, channel_id, kind, amount'),
                  ('media', 'org_id, id, channel_id, message_id, mime_type, filename, state, size, sha256, said_sha256, '
                            'attempts, next_at, error_code, error_message, created_at, kept_at'),
                  ('events', 'org_id, id, xact, type, channel_id, contact_id, message_id, data, created_at'),
                  ('endpoints', 'org_id, id, url, description, format, types, channel_ids, state, state_why, state_since, '
                                'failing_since, created_at, deleted_at'),
                  ('deliveries', 'org_id, endpoint_id, event_id, message_id, state, attempts, next_at'),
                  ('delivery_attempts', 'org_id, endpoint_id, event_id, attempt, at, outcome, status, took_ms, '
                                        'answer')) AS t ("table", columns)) AS s
         WHERE to_regrole('tollgate_tenant') IS NOT NULL
    LOOP
        EXECUTE v_statement;
    END LOOP;
END $$;
