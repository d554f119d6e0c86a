-- find_free_wallets: those of these orgs whose wallets nobody holds at this moment. Takes and gives back each, so
-- only for who has waited in vain (accept_sends).
CREATE OR REPLACE FUNCTION find_free_wallets(p_org_ids uuid[]) RETURNS TABLE (org_id uuid)
LANGUAGE sql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
    SELECT l.org_id FROM wallet_locks l WHERE l.org_id = ANY (p_org_ids) ORDER BY l.org_id
       FOR NO KEY UPDATE SKIP LOCKED;
$$;
