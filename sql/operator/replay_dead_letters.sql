-- replay_dead_letters: has applied what could not be, once the reason for that is gone (a number has got
-- its channel, say). NULL: any reason, any number. Returns how many; a worker does it at once, without asking for
-- a signature: what came without a right one is replayed only if its reason is named.
CREATE OR REPLACE FUNCTION replay_dead_letters(p_reason text DEFAULT NULL, p_phone_number_id text DEFAULT NULL,
                                               OUT replayed bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
BEGIN
    UPDATE dead_letters SET retry_at = now(), tries = 0
     WHERE (retry_at IS NULL OR (retry_at = 'infinity' AND p_reason IS NOT NULL))
       AND (p_reason IS NULL OR reason = p_reason)
       AND (p_phone_number_id IS NULL OR phone_number_id = p_phone_number_id);
    GET DIAGNOSTICS replayed = ROW_COUNT;
END $$;
