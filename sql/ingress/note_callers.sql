-- note_callers: keys and sessions with these hashes were used: when, to a minute. What somebody else is just noting
-- is let alone.
CREATE OR REPLACE FUNCTION note_callers(p_key_hashes bytea[]) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
    WITH k AS (SELECT k.key_hash FROM api_keys k
                WHERE k.key_hash = ANY (p_key_hashes) AND (k.last_used_at > now() - interval '1 minute') IS NOT TRUE
                ORDER BY k.key_hash FOR NO KEY UPDATE SKIP LOCKED)
    UPDATE api_keys a SET last_used_at = now() FROM k WHERE a.key_hash = k.key_hash;
    WITH s AS (SELECT s.token_hash FROM sessions s
                WHERE s.token_hash = ANY (p_key_hashes) AND (s.last_used_at > now() - interval '1 minute') IS NOT TRUE
                ORDER BY s.token_hash FOR NO KEY UPDATE SKIP LOCKED)
    UPDATE sessions a SET last_used_at = now() FROM s WHERE a.token_hash = s.token_hash;
$$;
