-- claim_sends: a worker takes messages. Only what is `queued` is claimed, so a job that comes twice
-- claims once; credentials are read in the same statement and are the channel's current ones.
CREATE OR REPLACE FUNCTION claim_sends(p_org_ids uuid[], p_message_ids uuid[])
RETURNS TABLE (message_id uuid, org_id uuid, channel_id uuid, phone_number_id text,
               access_token text, type text, payload text)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off
SET join_collapse_limit = 1 SET plan_cache_mode = force_generic_plan SET jit = off
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH claimed AS (
        UPDATE outbox o
           SET state = 'sending', claimed_at = clock_timestamp(), attempt = o.attempt + 1
         WHERE o.message_id = ANY (p_message_ids) AND o.org_id = ANY (p_org_ids)
           AND o.state = 'queued'
        RETURNING o.message_id, o.org_id, o.channel_id
    )
    SELECT o.message_id, o.org_id, o.channel_id, c.phone_number_id, c.access_token, m.type,
           m.payload::text
      FROM claimed o
      JOIN messages m ON m.id = o.message_id AND m.org_id = o.org_id
      JOIN channels c ON c.id = o.channel_id AND c.org_id = o.org_id;
END $$;

-- release_sends: gives claimed messages back that were certainly not dispatched; returns how many.
CREATE OR REPLACE FUNCTION release_sends(p_org_ids uuid[], p_message_ids uuid[]) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp
SET enable_seqscan = off SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
    v_released integer;
BEGIN
    UPDATE outbox o
       SET state = 'queued', claimed_at = NULL, attempt = o.attempt - 1, queued_at = clock_timestamp()
     WHERE o.message_id = ANY (p_message_ids) AND o.org_id = ANY (p_org_ids) AND o.state = 'sending';
    GET DIAGNOSTICS v_released = ROW_COUNT;
    RETURN v_released;
END $$;
