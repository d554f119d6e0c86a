-- API keys: 256 random bits, kept as their SHA-256.

-- Makes a key and returns it: the only time that it can be seen.
CREATE OR REPLACE FUNCTION create_api_key(p_org_id uuid, p_name text) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
DECLARE
    -- Three of these have 366 random bits, whose digest has 256: no extension is asked for random bytes.
    v_bytes bytea := sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())
                            || uuid_send(gen_random_uuid()));
    v_key   text := 'tg_' || translate(encode(v_bytes, 'base64'), '+/=', '-_');
BEGIN
    INSERT INTO api_keys (org_id, name, key_hash) VALUES (p_org_id, p_name, sha256(v_key::bytea));
    RETURN v_key;
END $$;

-- Revokes the org's keys of that name; returns how many. A running ingress forgets a key within
-- TG_KEY_CACHE_TTL_MS (common/limits.h).
CREATE OR REPLACE FUNCTION revoke_api_key(p_org_id uuid, p_name text, OUT revoked integer)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
BEGIN
    UPDATE api_keys SET revoked_at = now()
     WHERE org_id = p_org_id AND name = p_name AND revoked_at IS NULL;
    GET DIAGNOSTICS revoked = ROW_COUNT;
END $$;
