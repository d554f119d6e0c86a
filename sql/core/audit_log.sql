-- The audit log: what people change leaves a row in the same transaction, whatever they change it by. Triggers
-- (sql/triggers.sql) call record_audit; what daemons change by themselves without end does not meet their conditions.

-- act_as: from now on this transaction is that actor's (current_actor), such as operator:anna. What daemons and
-- deploy/migrate say of what they do themselves, and would not have told, does not count for it.
CREATE OR REPLACE FUNCTION act_as(p_actor text) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    IF coalesce(p_actor, '') = '' THEN
        RAISE invalid_parameter_value USING MESSAGE = 'who acts must be said';
    END IF;
    PERFORM set_config('tollgate.actor', p_actor, true), set_config('tollgate.loading', '', true),
            set_config('tollgate.sealing', '', true), set_config('tollgate.reason', '', true);
END $$;

-- without_secrets: the same with what must not be read in place of each secret.
CREATE OR REPLACE FUNCTION without_secrets(p_row jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE
RETURN (SELECT jsonb_object_agg(m.key, CASE WHEN m.key ~ '(^|_)(token|secret|hash|pin|password)$' AND m.value <> 'null'
                                            THEN '"***"' ELSE m.value END)
          FROM jsonb_each(p_row) m);

-- record_audit: writes the row. Its argument names columns, with commas between, that are not told.
CREATE OR REPLACE FUNCTION record_audit() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
DECLARE
    v_untold CONSTANT text[] := string_to_array(TG_ARGV[0], ',');
    v_reason CONSTANT text := nullif(current_setting('tollgate.reason', true), '');
    v_before jsonb := CASE WHEN TG_OP <> 'INSERT' THEN to_jsonb(OLD) - v_untold END;
    v_after  jsonb := CASE WHEN TG_OP <> 'DELETE' THEN to_jsonb(NEW) - v_untold END;
    v_row    CONSTANT jsonb := coalesce(v_after, v_before);
BEGIN
    IF TG_OP = 'UPDATE' THEN
        SELECT jsonb_object_agg(b.key, b.value), jsonb_object_agg(b.key, v_after -> b.key) INTO v_before, v_after
          FROM jsonb_each(v_before) b WHERE b.value <> v_after -> b.key;
    ELSIF TG_OP = 'DELETE' AND v_reason IS NOT NULL THEN
        v_after := jsonb_build_object('reason', v_reason);
    END IF;
    INSERT INTO audit_log (actor, org_id, action, object, object_id, before, after)
    VALUES (current_actor(), (v_row ->> CASE TG_TABLE_NAME WHEN 'organizations' THEN 'id' ELSE 'org_id' END)::uuid,
            lower(TG_OP), TG_TABLE_NAME, coalesce(v_row ->> 'id', v_row ->> 'outcome'),
            without_secrets(v_before), without_secrets(v_after));
    RETURN NULL;
END $$;

-- tell_deed: writes the row of what a person has had done (act_as), where daemons do the same to that table all the time
-- and no trigger tells it.
CREATE OR REPLACE FUNCTION tell_deed(p_org_id uuid, p_action text, p_object text, p_object_id text, p_after jsonb)
RETURNS void LANGUAGE sql AS $$
    INSERT INTO audit_log (actor, org_id, action, object, object_id, after)
    VALUES (current_actor(), p_org_id, p_action, p_object, p_object_id, p_after);
$$;

-- keep_error_rule: what a person changes of an error rule leaves the former one, counts from now on for audit_ledger,
-- and is no longer deploy/migrate's to change.
CREATE OR REPLACE FUNCTION keep_error_rule() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
BEGIN
    INSERT INTO former_error_rules (outcome, actor, rule) VALUES (OLD.outcome, current_actor(), to_jsonb(OLD));
    NEW.updated_at := clock_timestamp();
    NEW.changed_at := NEW.updated_at;
    RETURN NEW;
END $$;
