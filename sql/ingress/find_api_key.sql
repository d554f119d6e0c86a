-- find_api_key: the org whose key has this hash, for an ingress of the version before, which knows of no rights and
-- addresses: a key that has others than all had then is none to it.
CREATE OR REPLACE FUNCTION find_api_key(p_key_hash bytea) RETURNS TABLE (org_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
    SELECT k.org_id FROM api_keys k
     WHERE k.key_hash = p_key_hash AND k.revoked_at IS NULL AND (k.expires_at > now()) IS NOT FALSE
       AND k.rights @> '{send,read}' AND k.addresses IS NULL;
$$;
