-- fail_poison_sends: messages whose jobs were given to one worker after the other, and which cannot be claimed.
CREATE OR REPLACE FUNCTION fail_poison_sends(p_org_ids uuid[], p_message_ids uuid[])
RETURNS TABLE (org_id uuid, message_id uuid, refunded boolean, released_id uuid)
LANGUAGE sql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
    SELECT e.* FROM end_sends(p_org_ids, p_message_ids, 'poison',
                              'No worker could claim it', ARRAY['queued'], true) e;
$$;
