-- follow_clock: notices that the clock was set back, and moves what waits with it: otherwise every slot and every
-- retry would be late by as much. p_expected_ms is what the clock says if it goes as the caller's does, in Unix
-- milliseconds; 0: not known. What the table remembers is for a restart.
--
-- Moves the messages of one channel at each call, and says whether there are more. A send_at stays: it is a date.
CREATE OR REPLACE FUNCTION follow_clock(p_expected_ms bigint)
RETURNS TABLE (now_ms bigint, back_ms bigint, more boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
DECLARE
    c_tolerance CONSTANT interval := '1 second';
    v_now       timestamptz := clock_timestamp();
    v_clock     clock;
    v_back      interval;
BEGIN
    SELECT * INTO v_clock FROM clock;
    v_back := greatest(v_clock.seen_at, to_timestamp(p_expected_ms / 1000.0)) - v_now;
    now_ms := extract(epoch FROM v_now) * 1000;
    back_ms := 0;
    IF v_back > c_tolerance THEN
        back_ms := extract(epoch FROM v_back) * 1000;
        v_clock := ROW(true, v_now, coalesce(v_clock.back, '0') + v_back, '00000000-0000-0000-0000-000000000000');
    ELSIF v_clock.back IS NULL AND v_now < v_clock.seen_at + interval '1 minute' THEN
        more := false;
        RETURN NEXT;
        RETURN;
    END IF;
    v_clock.seen_at := v_now;
    IF v_clock.back IS NOT NULL THEN
        v_clock.channel_id := set_back_next(v_clock.channel_id, v_clock.back);
        v_clock.back := CASE WHEN v_clock.channel_id IS NOT NULL THEN v_clock.back END;
    END IF;
    more := v_clock.back IS NOT NULL;
    UPDATE clock SET seen_at = v_clock.seen_at, back = v_clock.back, channel_id = v_clock.channel_id;
    RETURN NEXT;
END $$;
