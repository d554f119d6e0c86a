-- Every trigger, made where it is missing: to make one anew locks its table, for which a running gateway would
-- have to wait. So one that is to become another is first dropped, by a new file of sql/tables.

DO $do$
DECLARE
    v_trigger record;
BEGIN
    FOR v_trigger IN
        SELECT t.* FROM (VALUES
            -- What comes with an org and with a channel.
            ('organizations', 'organizations_wallet', 'AFTER INSERT', 'FOR EACH ROW', 'open_wallet()'),
            ('channels', 'channels_pace', 'AFTER INSERT', 'FOR EACH ROW', 'open_pace()'),
            ('channels', 'channels_health', 'AFTER INSERT', 'FOR EACH ROW', 'open_channel_health()'),
            ('organizations', 'organizations_currency_stays', 'BEFORE UPDATE OF currency',
             'FOR EACH ROW WHEN (NEW.currency <> OLD.currency)', 'keep_currency()'),
            ('organizations', 'organizations_words', 'BEFORE INSERT OR UPDATE OF opt_out_words, opt_in_words',
             'FOR EACH ROW', 'name_words()'),
            -- What follows from a change that may be anybody's.
            ('wallets', 'wallets_written', 'INSTEAD OF INSERT OR UPDATE OR DELETE', 'FOR EACH ROW',
             'write_wallet()'),
            ('channels', 'channels_checked', 'BEFORE INSERT OR UPDATE', 'FOR EACH ROW', 'refuse_quietly()'),
            ('channels', 'channels_followed', 'BEFORE UPDATE OF access_token, status, paused_for',
             'FOR EACH ROW', 'follow_channel()'),
            ('organizations', 'organizations_followed', 'AFTER UPDATE OF status',
             'FOR EACH ROW WHEN (OLD.status <> NEW.status)', 'follow_org()'),
            ('channels', 'channels_org', 'BEFORE INSERT', 'FOR EACH ROW', 'join_org()'),
            ('channels', 'channels_resumed', 'AFTER UPDATE OF status, access_token, org_active',
             'FOR EACH ROW WHEN (NEW.sends AND NOT OLD.sends)', 'resume_channel()'),
            ('channels', 'channels_health_followed',
             'AFTER UPDATE OF access_token, status, org_active, phone_number_id, waba_id',
             'FOR EACH ROW WHEN (NEW.token_changed_at <> OLD.token_changed_at OR NEW.status <> OLD.status '
             'OR NEW.org_active AND NOT OLD.org_active OR NEW.phone_number_id <> OLD.phone_number_id '
             'OR NEW.waba_id IS DISTINCT FROM OLD.waba_id)', 'follow_channel_health()'),
            ('channels', 'channels_events_connected', 'AFTER INSERT', 'FOR EACH ROW', 'tell_of_channel()'),
            ('channels', 'channels_events_changed', 'AFTER UPDATE OF status, access_token, paused_for',
             'FOR EACH ROW WHEN (NEW.status <> OLD.status)', 'tell_of_channel()'),
            ('channels', 'channels_templates', 'AFTER INSERT', 'FOR EACH ROW', 'follow_template_account()'),
            ('channels', 'channels_templates_followed', 'AFTER UPDATE OF access_token, status, org_active, waba_id',
             'FOR EACH ROW WHEN (NEW.token_changed_at <> OLD.token_changed_at '
             'OR (NEW.status = ''disabled'') <> (OLD.status = ''disabled'') OR NEW.org_active AND NOT OLD.org_active '
             'OR NEW.waba_id IS DISTINCT FROM OLD.waba_id)', 'follow_template_account()'),
            ('channels', 'channels_repaced', 'AFTER UPDATE OF max_mps',
             'FOR EACH ROW WHEN (OLD.max_mps <> NEW.max_mps)', 'repace_channel()'),
            ('organizations', 'organizations_await_otherwise', 'AFTER UPDATE OF undelivered_after',
             'FOR EACH ROW WHEN (NEW.undelivered_after IS DISTINCT FROM OLD.undelivered_after)',
             'await_otherwise()'),
            ('organizations', 'organizations_keep_bodies', 'AFTER INSERT OR UPDATE OF keep_bodies_for',
             'FOR EACH ROW WHEN (NEW.keep_bodies_for IS NOT NULL)', 'begin_body_walk()'),
            ('contacts', 'contacts_recalled', 'AFTER INSERT', 'REFERENCING NEW TABLE AS n FOR EACH STATEMENT',
             'recall_opt_outs()'),
            ('contacts', 'contacts_recalled_later', 'AFTER UPDATE',
             'REFERENCING NEW TABLE AS n FOR EACH STATEMENT', 'recall_opt_outs()'),
            ('contacts', 'contacts_named', 'AFTER INSERT', 'REFERENCING NEW TABLE AS n FOR EACH STATEMENT', 'keep_names()'),
            ('contacts', 'contacts_renamed', 'AFTER UPDATE',
             'REFERENCING OLD TABLE AS o NEW TABLE AS n FOR EACH STATEMENT', 'follow_names()'),
            ('media', 'media_counted', 'AFTER INSERT', 'REFERENCING NEW TABLE AS n FOR EACH STATEMENT', 'count_media()'),
            ('media', 'media_counted_anew', 'AFTER UPDATE',
             'REFERENCING OLD TABLE AS o NEW TABLE AS n FOR EACH STATEMENT', 'count_media()'),
            ('contact_cards', 'contact_cards_followed', 'AFTER INSERT OR DELETE OR UPDATE OF name, tags',
             'FOR EACH ROW', 'follow_card()'),
            ('api_keys', 'api_keys_changed', 'BEFORE UPDATE OF key_hash, rights, expires_at, addresses, revoked_at',
             'FOR EACH ROW', 'mark_changed()'),
            ('sessions', 'sessions_changed',
             'BEFORE UPDATE OF token_hash, former_hash, former_until, rights, expires_at, addresses, revoked_at',
             'FOR EACH ROW', 'mark_changed()'),
            ('api_keys', 'api_keys_followed',
             'AFTER DELETE OR UPDATE OF key_hash, rights, expires_at, addresses, revoked_at', 'FOR EACH ROW',
             'follow_api_key()'),
            ('automation_rules', 'automation_rules_judged',
             'BEFORE INSERT OR UPDATE OF match_kind, match_on, pattern, reply, hours, active', 'FOR EACH ROW',
             'judge_rule()'),
            ('automation_rules', 'automation_rules_versioned', 'BEFORE INSERT OR UPDATE', 'FOR EACH ROW',
             'count_rule_version()'),
            ('automation_rules', 'automation_rules_version_kept', 'AFTER INSERT OR UPDATE', 'FOR EACH ROW',
             'keep_rule_version()'),
            ('organizations', 'organizations_time_zone_judged', 'BEFORE INSERT OR UPDATE OF time_zone', 'FOR EACH ROW',
             'judge_time_zone()'),
            ('automation_rules', 'automation_rules_inserted', 'AFTER INSERT',
             'REFERENCING NEW TABLE AS changed FOR EACH STATEMENT', 'raise_rules_version()'),
            ('automation_rules', 'automation_rules_updated', 'AFTER UPDATE',
             'REFERENCING NEW TABLE AS changed FOR EACH STATEMENT', 'raise_rules_version()'),
            ('automation_rules', 'automation_rules_deleted', 'AFTER DELETE',
             'REFERENCING OLD TABLE AS changed FOR EACH STATEMENT', 'raise_rules_version()')
            ) AS t (on_table, name, at, with_what, does)
        UNION ALL
        -- I7: set-based in place of foreign keys (core/tenancy.sql).
        SELECT t, t || '_tenancy', 'AFTER INSERT', 'REFERENCING NEW TABLE AS n FOR EACH STATEMENT',
               format('check_%s_tenancy()', t)
          FROM unnest('{contacts,messages,outbox,attempts,conversations,wallet_transactions,idempotency_keys,deliveries,'
                      'event_change_messages,campaign_recipients,campaign_messages}'::text[]) t
        UNION ALL
        SELECT 'events', 'events_noted', 'AFTER INSERT', 'REFERENCING NEW TABLE AS n FOR EACH STATEMENT', 'note_events()'
        UNION ALL
        SELECT t.on_table, t.on_table || '_keys_stay', 'BEFORE UPDATE OF ' || t.keys, 'FOR EACH ROW',
               $$refuse_change('keys never change')$$
          FROM (VALUES ('organizations', 'id'), ('channels', 'org_id, id'), ('contacts', 'org_id, id'),
                       ('messages', 'org_id, id, channel_id, contact_id'),
                       ('outbox', 'org_id, message_id, channel_id, contact_id'),
                       ('conversations', 'org_id, channel_id, contact_id'),
                       ('campaigns', 'org_id, id, channel_id'),
                       ('endpoints', 'org_id, id'),
                       ('deliveries', 'org_id, endpoint_id, event_id')) AS t (on_table, keys)
        UNION ALL
        SELECT 'messages', 'messages_stay_but_receipts', 'BEFORE DELETE',
               $$FOR EACH ROW WHEN (OLD.type <> 'receipt')$$, $$refuse_change('the ledger refers to it')$$
        UNION ALL
        SELECT t.on_table, t.on_table || '_stay', t.at, 'FOR EACH STATEMENT',
               format('refuse_change(%L)', t.why)
          FROM (VALUES ('organizations', 'BEFORE DELETE OR TRUNCATE', 'set status to suspended instead'),
                       ('channels', 'BEFORE DELETE OR TRUNCATE', 'set status to disabled instead'),
                       ('wallet_locks', 'BEFORE UPDATE OR DELETE OR TRUNCATE', 'it belongs to its org'),
                       ('contacts', 'BEFORE DELETE OR TRUNCATE', 'messages refer to it'),
                       ('endpoints', 'BEFORE DELETE OR TRUNCATE', 'set deleted_at instead'),
                       ('messages', 'BEFORE TRUNCATE', 'the ledger refers to it'),
                       ('wallet_transactions', 'BEFORE UPDATE OR DELETE OR TRUNCATE',
                        'the ledger is append-only'),
                       ('idempotency_keys', 'BEFORE UPDATE', 'the first answer never changes'),
                       ('events', 'BEFORE UPDATE', 'what was told stays'),
                       ('campaign_pieces', 'BEFORE UPDATE OR DELETE OR TRUNCATE', 'what was passed on stays'),
                       ('campaign_bookings', 'BEFORE UPDATE OR DELETE OR TRUNCATE', 'the ledger is append-only'),
                       ('audit_log', 'BEFORE UPDATE OR DELETE OR TRUNCATE', 'the audit log is append-only'),
                       ('former_error_rules', 'BEFORE UPDATE OR DELETE OR TRUNCATE', 'what was stays'),
                       ('rule_versions', 'BEFORE UPDATE OR DELETE OR TRUNCATE', 'what was stays'))
               AS t (on_table, at, why)
        UNION ALL
        -- I13: what people change is told (core/audit_log.sql), but for columns that daemons or triggers change by
        -- themselves, and for what is too long or names persons.
        SELECT t.on_table, t.on_table || h.name, h.at,
               'FOR EACH ROW' || coalesce(' WHEN (' || CASE h.name WHEN '_told' THEN t.holds ELSE format(h.holds, t.untold) END || ')', ''),
               format('record_audit(%L)', t.untold)
          FROM (VALUES ('organizations', 'rules_version,words_id', NULL),
                       ('channels', 'org_active,sends,token_changed_at', NULL),
                       ('api_keys', 'last_used_at,changed_in', NULL),
                       ('console_links', '', $$session_user <> 'tollgate_worker'$$),
                       ('sessions', 'token_hash,former_hash,former_until,last_used_at,changed_in',
                        $$session_user <> 'tollgate_worker'$$),
                       ('automation_rules', 'state,refused_for,written_at,version,changed_at,changed_by', NULL),
                       ('event_wishes', 'asked,feed_since,low_told_at,empty_told_at,types,asks',
                        $$current_setting('tollgate.actor', true) <> ''$$),
                       ('campaigns', 'parts,callback_data,key,body_hash,progress,progress_at,progress_took,clear_at',
                        $$session_user <> 'tollgate_worker'$$),
                       ('endpoints', 'verify_id,verify_at,failing_since,warned_at,recover_from', NULL),
                       ('preferences', 'actor,why', $$current_setting('tollgate.actor', true) <> ''$$),
                       ('operators', 'last_used_at', NULL),
                       ('error_rules', '', $$current_setting('tollgate.loading', true) IS DISTINCT FROM 'yes'$$))
               AS t (on_table, untold, holds)
         CROSS JOIN (VALUES ('_told', 'AFTER INSERT OR DELETE', NULL),
                            ('_change_told', 'AFTER UPDATE',
                             $$to_jsonb(OLD) - string_to_array(%1$L, ',') <> to_jsonb(NEW) - string_to_array(%1$L, ',')$$))
               AS h (name, at, holds)
        UNION ALL
        SELECT t.* FROM (VALUES
            ('error_rules', 'error_rules_kept', 'BEFORE UPDATE', 'FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*)',
             'keep_error_rule()'),
            ('alerts', 'alerts_seen_told', 'AFTER UPDATE OF acknowledged_at',
             'FOR EACH ROW WHEN (NEW.acknowledged_at IS DISTINCT FROM OLD.acknowledged_at)',
             $$record_audit('message')$$),
            ('media', 'media_drop_told', 'AFTER UPDATE OF state',
             $$FOR EACH ROW WHEN (NEW.state = 'gone' AND OLD.state <> 'gone' AND current_setting('tollgate.actor', true) <> '')$$,
             $$record_audit('meta_id,filename,sha256,said_sha256,claim_id,file,next_at,error_message')$$),
            ('media', 'media_upload_told', 'AFTER UPDATE OF state',
             $$FOR EACH ROW WHEN (NEW.state = 'kept' AND OLD.state = 'failed' AND current_setting('tollgate.actor', true) <> '')$$,
             $$record_audit('meta_id,filename,sha256,said_sha256,claim_id,file,next_at,error_message')$$),
            ('alerts', 'alerts_end_told', 'AFTER UPDATE OF resolved_at',
             $$FOR EACH ROW WHEN (NEW.resolved_at IS DISTINCT FROM OLD.resolved_at AND session_user <> 'tollgate_worker')$$,
             $$record_audit('message')$$),
            -- What is passed on to Meta for people; not what Meta tells.
            ('templates', 'templates_told', 'AFTER INSERT OR DELETE OR UPDATE',
             $$FOR EACH ROW WHEN (current_setting('tollgate.actor', true) <> '')$$,
             $$record_audit('n,wants,seen_at,status_as_of,category_as_of,quality_as_of,content_as_of')$$),
            ('token_sealing', 'token_sealing_told', 'AFTER UPDATE OF asked', 'FOR EACH ROW',
             $$record_audit('answered,key,no_key,not_opened')$$),
            -- A worker tries it again, and ends it.
            ('dead_letters', 'dead_letters_replay_told', 'AFTER UPDATE OF tries',
             'FOR EACH ROW WHEN (NEW.tries = 0 AND OLD.tries > 0)', $$record_audit('body,digest')$$),
            ('dead_letters', 'dead_letters_end_told', 'AFTER DELETE',
             $$FOR EACH ROW WHEN (session_user <> 'tollgate_worker')$$, $$record_audit('body,digest')$$)
            ) AS t (on_table, name, at, with_what, does)
    LOOP
        CONTINUE WHEN EXISTS (SELECT FROM pg_trigger g WHERE g.tgname = v_trigger.name
                                 AND g.tgrelid = v_trigger.on_table::regclass);
        EXECUTE format('CREATE TRIGGER %I %s ON %I %s EXECUTE FUNCTION %s', v_trigger.name, v_trigger.at,
                       v_trigger.on_table, v_trigger.with_what, v_trigger.does);
    END LOOP;
END $do$;
