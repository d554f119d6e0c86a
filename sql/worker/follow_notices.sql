-- follow_notices: does what follows from what Meta has told of accounts (core/notices.sql), and learns from it how numbers
-- are (core/channel_health.sql), and templates (core/templates.sql): up to p_limit notices, in Meta's order; and ends what is
-- over by its own end. What somebody holds is left to the next time. Returns how many notices it has dealt with.
CREATE OR REPLACE FUNCTION follow_notices(p_limit bigint) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp SET lock_timeout = '250ms'
AS $$
DECLARE
    v_notice account_notices;
    v_done   bigint := 0;
BEGIN
    FOR v_notice IN
        SELECT * FROM account_notices n WHERE n.pending ORDER BY n.told_at, n.id LIMIT p_limit
           FOR NO KEY UPDATE SKIP LOCKED
    LOOP
        BEGIN
            PERFORM learn_from_notice(v_notice), learn_of_template(v_notice), act_on_notice(v_notice);
            UPDATE account_notices n SET pending = false WHERE n.id = v_notice.id;
            v_done := v_done + 1;
        EXCEPTION
            WHEN lock_not_available THEN
                CONTINUE;
            -- One that cannot be followed keeps nobody else's from being: it is on record, and in our log.
            WHEN OTHERS THEN
                RAISE WARNING 'account notice % of account % cannot be followed: %', v_notice.id, v_notice.waba_id,
                    SQLERRM;
                UPDATE account_notices n SET pending = false WHERE n.id = v_notice.id;
        END;
    END LOOP;
    BEGIN
        UPDATE alerts a SET resolved_at = now() WHERE a.resolved_at IS NULL AND a.ends_at <= clock_timestamp();
        PERFORM resume_after_notices();
    EXCEPTION WHEN lock_not_available THEN
        NULL;
    END;
    RETURN v_done;
END $$;
