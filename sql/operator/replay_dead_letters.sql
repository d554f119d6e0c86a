-- replay_dead_events: has events applied again, once the reason why they could not be is gone (a number
-- has got its channel, say). NULL: any reason, any number. Returns how many; a worker does it at once.
CREATE OR REPLACE FUNCTION replay_dead_events(p_reason text DEFAULT NULL,
                                              p_phone_number_id text DEFAULT NULL)
RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = tollgate, pg_temp
AS $$
DECLARE
    v_events bigint;
BEGIN
    UPDATE dead_events SET retry_at = now(), tries = 0
     WHERE retry_at IS NULL
       AND (p_reason IS NULL OR reason = p_reason)
       AND (p_phone_number_id IS NULL OR phone_number_id = p_phone_number_id);
    GET DIAGNOSTICS v_events = ROW_COUNT;
    RETURN v_events;
END $$;
