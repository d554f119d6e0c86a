-- find_callers: whose keys, or sessions' cookies, have these hashes; no row for one that nobody has or that is good no
-- more. n is the hash's place in p_key_hashes, from 1. The one question that cannot name its org. good_for is in
-- milliseconds, null: without end; addresses null: from any.
CREATE OR REPLACE FUNCTION find_callers(p_key_hashes bytea[])
RETURNS TABLE (n bigint, org_id uuid, session_id uuid, name text, rights text, addresses text, good_for bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
BEGIN
    RETURN QUERY
    SELECT array_position(p_key_hashes, k.key_hash)::bigint, k.org_id, NULL::uuid, coalesce(k.prefix, k.id::text),
           array_to_string(k.rights, ','), array_to_string(k.addresses, ','),
           ceil(extract(epoch FROM k.expires_at - now()) * 1000)::bigint
      FROM api_keys k
     WHERE k.key_hash = ANY (p_key_hashes) AND k.revoked_at IS NULL AND (k.expires_at > now()) IS NOT FALSE
    UNION ALL
    SELECT array_position(p_key_hashes, s.token_hash)::bigint, s.org_id, s.id, s.id::text,
           array_to_string(s.rights, ','), array_to_string(s.addresses, ','),
           ceil(extract(epoch FROM s.expires_at - now()) * 1000)::bigint
      FROM sessions s
     WHERE s.token_hash = ANY (p_key_hashes) AND s.revoked_at IS NULL AND s.expires_at > now()
    UNION ALL
    SELECT array_position(p_key_hashes, s.former_hash)::bigint, s.org_id, s.id, s.id::text,
           array_to_string(s.rights, ','), array_to_string(s.addresses, ','),
           -- Once the cookie is exchanged again nobody is told that this one ends: so it is asked for often.
           least(ceil(extract(epoch FROM least(s.expires_at, s.former_until) - now()) * 1000)::bigint, 1000)
      FROM sessions s
     WHERE s.former_hash = ANY (p_key_hashes) AND s.revoked_at IS NULL
       AND least(s.expires_at, s.former_until) > now();
END $$;
