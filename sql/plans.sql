-- How functions have their statements planned, where what the planner sees would mislead it: it counts the
-- hot tables while they are empty at night and uses the plan while they are full by day, and any plan that
-- is right for the empty ones is ruinous for the full ones. A function that is not named plans as its caller does:
-- so do the phases of those that are.
-- deploy/migrate runs this after it has made the functions anew, so the list is the whole truth.
--
--   lookup    enable_seqscan = off: no table is read from end to end
--   ordered   enable_bitmapscan = off: rows come in an index's order, and a LIMIT ends the reading
--   unmerged  enable_mergejoin = off
--   nested    enable_hashjoin = off, enable_mergejoin = off: each row of the one by a look-up in the other
--   written   join_collapse_limit = 1: joins run in the order in which they are written
--   generic   plan_cache_mode = force_generic_plan: planned once, for arrays of any length
--   custom    plan_cache_mode = force_custom_plan: planned at each call, for the arrays as they are
--
-- Messages and rows of outbox are looked up by id = ANY (ARRAY[id of the batch]). With = a table that seems empty
-- could also be read from end to end in the order of its key, and compared with all of the batch: as good for no
-- rows, and ruinous for many. tests/sql/plans_test.c counts what is read.
--
-- (Just-in-time compilation, which never pays here, is switched off by the daemons for their sessions.)

DO $$
DECLARE
    v_plan    record;
    v_setting text;
BEGIN
    FOR v_plan IN
        SELECT f AS function, (SELECT p.oid::regprocedure FROM pg_proc p
                                WHERE p.proname = f AND p.pronamespace = 'tollgate'::regnamespace) AS made,
               string_to_array(l.traits, ' ') AS traits
          FROM (VALUES
            -- Each step an index look-up, and nothing left to plan.
            ('lookup nested written generic', 'claim_sends receive_messages receive_copies receive_preferences '
             'set_wishes refund_sends move_fees find_change_owners'),
            -- Some of them by the newest row, or the end of a line, of which the dead ones are not to be read.
            ('lookup ordered nested written generic', 'accept_sends settle_sends apply_statuses book take_slots'),
            ('lookup ordered nested generic', 'delete_bodies lock_line_ends call_up_next pull_forward give_slots '
             'delete_receipts fail_undelivered_sends'),
            ('lookup nested generic', 'lock_wallets'),
            ('lookup ordered nested generic', 'tell_events tell_of_ends watch_wallets tell_of_empty '
             'are_changes_asked tell_changes'),
            ('lookup ordered nested custom', 'count_messages sum_ledgers sum_ledgers_of'),
            ('lookup generic', 'release_sends find_callers'),
            ('lookup ordered nested', 'list_events admin_list_events'),
            ('lookup ordered nested generic', 'message_lines conversation_lines contact_documents newest_inbound'),
            -- Not called for each message, so that planning costs little.
            ('lookup nested custom', 'alert_refused_replies'),
            ('lookup custom', 'end_sends fail_unheard_sends park_sends'),
            ('lookup ordered custom', 'join_lines slot_retries drip resume_channel give_new_slots set_back set_back_next'),
            -- A batch is taken from an index. To plan it for the times of now would be to look up what stands at
            -- the end of that index, and pass what is dead there.
            ('lookup ordered unmerged generic', 'release_due_sends'),
            ('lookup ordered generic', 'take_due expire_sends next_due find_lost_sends unconfirm_sends '
             'delete_idempotency_keys delete_sessions delete_console_links count_usage open_usage_days events_in_order look_at_feed'),
            ('lookup ordered nested generic', 'delete_events'),
            ('lookup ordered nested', 'take_turns seal_tokens'),
            -- Planned at each call, for what is looked for; and never by reading all that an org seems to have.
            ('lookup ordered', 'look_through'),
            ('lookup ordered nested written', 'list_contacts'),
            ('lookup ordered nested', 'rarest_of'),
            ('lookup ordered nested custom', 'pass_campaign lock_waiting are_waiting take_up end_waiting_of add_recipients'),
            ('lookup ordered nested', 'list_due_campaigns clear_campaigns'),
            ('lookup ordered', 'list_figures count_open_tokens list_tokens_to_seal claim_channel_looks '
             'claim_template_looks waiting_document'),
            -- By the keys of parents.
            ('lookup nested', 'check_contacts_tenancy check_messages_tenancy check_outbox_tenancy '
             'check_attempts_tenancy check_conversations_tenancy check_wallet_transactions_tenancy '
             'check_idempotency_keys_tenancy check_campaign_recipients_tenancy check_campaign_messages_tenancy '
             'check_event_change_messages_tenancy'),
            ('lookup nested', 'list_words renew_terms terms_of join_cards'),
            ('lookup nested', 'record_channel_looks record_template_looks keep_templates_of'),
            -- (A LIMIT of one endpoint's by the time that they are due, not by the time that they seem to be few.)
            ('lookup ordered nested generic', 'fan_out_events claim_deliveries settle_deliveries to_post recover_some '
             'hurry_some'),
            ('lookup ordered generic', 'next_waiting delete_deliveries claim_verifications'),
            ('lookup ordered nested', 'tellings_of list_deliveries'),
            ('lookup nested', 'record_media end_media reserve_media'),
            ('lookup ordered nested', 'claim_media expire_media'),
            ('lookup ordered', 'take_media_to_remove'),
            ('lookup', 'accept_replies take_dead_letters end_dead_letters take_rules_to_check alert_unchecked_rules'
             ' follow_notices')
          ) AS l (traits, functions), string_to_table(l.functions, ' ') f
    LOOP
        IF v_plan.made IS NULL THEN
            RAISE undefined_function
                USING MESSAGE = format('sql/plans.sql names the function %s, which nothing makes', v_plan.function);
        END IF;
        FOR v_setting IN
            SELECT t.setting
              FROM (VALUES ('lookup', 'enable_seqscan = off'), ('ordered', 'enable_bitmapscan = off'),
                           ('unmerged', 'enable_mergejoin = off'), ('nested', 'enable_mergejoin = off'),
                           ('nested', 'enable_hashjoin = off'), ('written', 'join_collapse_limit = 1'),
                           ('generic', 'plan_cache_mode = force_generic_plan'),
                           ('custom', 'plan_cache_mode = force_custom_plan')) AS t (trait, setting)
             WHERE t.trait = ANY (v_plan.traits)
        LOOP
            EXECUTE format('ALTER FUNCTION %s SET %s', v_plan.made, v_setting);
        END LOOP;
    END LOOP;
END $$;
