-- fail_poison_sends: jobs that were given to one worker after the other, each of which died.
CREATE OR REPLACE FUNCTION fail_poison_sends(p_org_ids uuid[], p_message_ids uuid[])
RETURNS TABLE (org_id uuid, message_id uuid, refunded boolean, released_id uuid)
LANGUAGE sql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
    SELECT e.* FROM end_sends(p_org_ids, p_message_ids, 'poison',
                              'Each worker that took it died', ARRAY['queued'], true) e;
$$;
