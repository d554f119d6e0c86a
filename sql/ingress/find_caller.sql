-- find_caller: whose key, or session's cookie, has this hash; no row if there is none or it is good no more. The one
-- question that cannot name its org. good_for is in milliseconds, null: without end; addresses null: from any.
CREATE OR REPLACE FUNCTION find_caller(p_key_hash bytea)
RETURNS TABLE (org_id uuid, session_id uuid, name text, rights text, addresses text, good_for bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
    SELECT k.org_id, NULL::uuid, coalesce(k.prefix, k.id::text), array_to_string(k.rights, ','),
           array_to_string(k.addresses, ','), ceil(extract(epoch FROM k.expires_at - now()) * 1000)::bigint
      FROM api_keys k
     WHERE k.key_hash = p_key_hash AND k.revoked_at IS NULL AND (k.expires_at > now()) IS NOT FALSE
    UNION ALL
    SELECT s.org_id, s.id, s.id::text, array_to_string(s.rights, ','), NULL,
           ceil(extract(epoch FROM s.expires_at - now()) * 1000)::bigint
      FROM sessions s
     WHERE s.token_hash = p_key_hash AND s.revoked_at IS NULL AND s.expires_at > now()
    UNION ALL
    SELECT s.org_id, s.id, s.id::text, array_to_string(s.rights, ','), NULL,
           ceil(extract(epoch FROM least(s.expires_at, s.former_until) - now()) * 1000)::bigint
      FROM sessions s
     WHERE s.former_hash = p_key_hash AND s.revoked_at IS NULL AND least(s.expires_at, s.former_until) > now();
$$;
