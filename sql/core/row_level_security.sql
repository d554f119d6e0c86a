-- I7, the last wall: whoever is not the owner sees rows of the org named by tollgate.org_id alone, and
-- none while that is unset. The set-based procedures run as the owner and carry org_id in every join.

DO $$
DECLARE
    v_table text;
    v_column text;
BEGIN
    SET LOCAL client_min_messages = warning; -- "does not exist, skipping"
    FOREACH v_table IN ARRAY ARRAY['organizations', 'channels', 'wallets', 'wallet_transactions',
                                   'api_keys', 'contacts', 'messages', 'outbox', 'pace',
                                   'conversations', 'automation_rules', 'auto_replies',
                                   'reply_days', 'account_events', 'dead_events', 'attempts', 'alerts',
                                   'idempotency_keys'] LOOP
        v_column := CASE v_table WHEN 'organizations' THEN 'id' ELSE 'org_id' END;
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', v_table);
        EXECUTE format('DROP POLICY IF EXISTS own_org ON %I', v_table);
        EXECUTE format(
            'CREATE POLICY own_org ON %I USING '
            '(%I = (SELECT nullif(current_setting(''tollgate.org_id'', true), '''')::uuid))',
            v_table, v_column);
    END LOOP;
END $$;
