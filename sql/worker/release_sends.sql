-- release_sends: gives messages back that were claimed under these claims and certainly not
-- dispatched; returns how many.
CREATE OR REPLACE FUNCTION release_sends(p_org_ids uuid[], p_message_ids uuid[], p_claim_ids uuid[])
RETURNS integer LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
DECLARE
    v_released integer;
BEGIN
    UPDATE outbox o
       SET state = 'queued', claim_id = NULL, claimed_at = NULL, attempt = o.attempt - 1,
           queued_at = clock_timestamp()
     WHERE o.message_id = ANY (p_message_ids) AND o.org_id = ANY (p_org_ids)
       AND o.state = 'sending' AND o.claim_id = ANY (p_claim_ids);
    GET DIAGNOSTICS v_released = ROW_COUNT;
    RETURN v_released;
END $$;
