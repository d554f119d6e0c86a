-- count_usage: goes on counting the messages of a day that is due, the newest first: up to p_limit of them. more: there
-- are further ones to be counted now.
--
-- Ids of messages begin with the time, so that a day's stand together; each is read as it is then, and a day is counted
-- as a whole again and again (next_count): nothing of this stands in the way of who writes messages. What is found
-- stands in usage_parts until the day's end is reached, and then takes the place of the count before, at once.
--
-- A day is held meanwhile: of two who count, one has it, and the other another one or none.
CREATE OR REPLACE FUNCTION count_usage(p_limit bigint) RETURNS TABLE (counted bigint, more boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
#variable_conflict use_column
DECLARE
    v_now  timestamptz := clock_timestamp();
    v_day  usage_days;
    v_last uuid;
BEGIN
    PERFORM open_usage_days();
    SELECT d.* INTO v_day FROM usage_days d
     WHERE d.due_at <= v_now AND d.due_at < 'infinity' ORDER BY d.day DESC LIMIT 1 FOR UPDATE SKIP LOCKED;
    IF NOT FOUND THEN
        RETURN QUERY SELECT 0::bigint, false;
        RETURN;
    END IF;
    IF v_day.began_at IS NULL THEN
        v_day.began_at := v_now;
        v_day.next_id := first_id_of(v_day.day::timestamp AT TIME ZONE 'UTC');
    END IF;
    SELECT c.counted, c.last_id INTO counted, v_last FROM count_messages(v_day.day, v_day.next_id, p_limit) c;
    IF counted = p_limit THEN
        UPDATE usage_days d SET began_at = v_day.began_at, next_id = v_last WHERE d.day = v_day.day;
    ELSE
        PERFORM keep_count(v_day.day);
        UPDATE usage_days d
           SET counted_at = v_day.began_at, began_at = NULL, next_id = NULL,
               due_at = next_count(v_day.day, v_day.began_at, clock_timestamp())
         WHERE d.day = v_day.day;
    END IF;
    more := EXISTS (SELECT FROM usage_days d WHERE d.due_at <= v_now AND d.due_at < 'infinity');
    RETURN NEXT;
END $$;
