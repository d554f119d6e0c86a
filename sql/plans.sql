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
        SELECT l.function, (SELECT p.oid::regprocedure FROM pg_proc p
                             WHERE p.proname = l.function AND p.pronamespace = 'tollgate'::regnamespace)
               AS made, string_to_array(l.traits, ' ') AS traits
          FROM (VALUES
            -- Each step an index look-up, and nothing left to plan.
            ('accept_sends',          'lookup nested written generic'),
            ('claim_sends',           'lookup nested written generic'),
            ('settle_sends',          'lookup nested written generic'),
            ('apply_statuses',        'lookup nested written generic'),
            ('receive_messages',      'lookup nested written generic'),
            ('receive_preferences',   'lookup nested written generic'),
            ('lock_wallets',          'lookup nested generic'),
            ('book',                  'lookup nested written generic'),
            ('refund_sends',          'lookup nested written generic'),
            ('move_fees',             'lookup nested written generic'),
            ('take_slots',            'lookup nested written generic'),
            ('lock_line_ends',        'lookup nested generic'),
            ('call_up_next',          'lookup nested generic'),
            ('pull_forward',          'lookup nested generic'),
            ('release_sends',         'lookup generic'),
            -- Not called for each message, so that planning costs little.
            ('end_sends',             'lookup custom'),
            ('fail_unheard_sends',    'lookup custom'),
            ('park_sends',            'lookup custom'),
            ('join_lines',            'lookup custom'),
            ('drip',                  'lookup custom'),
            -- A batch is taken from an index. To plan it for the times of now would be to look up what stands at
            -- the end of that index, and pass what is dead there.
            ('release_due_sends',     'lookup ordered unmerged generic'),
            ('take_due',              'lookup ordered generic'),
            ('take_turns',            'lookup ordered nested'),
            ('expire_sends',          'lookup ordered generic'),
            ('next_due',              'lookup ordered generic'),
            ('find_lost_sends',       'lookup ordered generic'),
            ('unconfirm_sends',       'lookup ordered generic'),
            ('delete_idempotency_keys', 'lookup ordered generic'),
            -- By the keys of parents.
            ('check_contacts_tenancy',            'lookup nested'),
            ('check_messages_tenancy',            'lookup nested'),
            ('check_outbox_tenancy',              'lookup nested'),
            ('check_conversations_tenancy',       'lookup nested'),
            ('check_wallet_transactions_tenancy', 'lookup nested'),
            ('check_idempotency_keys_tenancy',    'lookup nested'),
            ('accept_replies',        'lookup'),
            ('take_dead_letters',      'lookup'),
            ('end_dead_letters',       'lookup')
          ) AS l (function, traits)
    LOOP
        IF v_plan.made IS NULL THEN
            RAISE undefined_function USING
                MESSAGE = format('sql/plans.sql names the function %s, which no file in sql makes',
                                 v_plan.function);
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
