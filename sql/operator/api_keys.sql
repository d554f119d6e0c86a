-- API keys: 256 random bits, kept as their SHA-256.

-- Makes a key and returns it: the only time that it can be seen. A name that a good key of the org's has is refused.
CREATE OR REPLACE FUNCTION create_api_key(p_org_id uuid, p_name text) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
DECLARE
    -- Three of these have 366 random bits, whose digest has 256: no extension is asked for random bytes.
    v_bytes bytea := sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())
                            || uuid_send(gen_random_uuid()));
    v_key   text := 'tg_' || translate(encode(v_bytes, 'base64'), '+/=', '-_');
BEGIN
    PERFORM FROM organizations o WHERE o.id = p_org_id FOR NO KEY UPDATE; -- one after the other
    IF NOT FOUND THEN
        RAISE no_data_found USING MESSAGE = format('there is no org %s', p_org_id);
    ELSIF p_name IS NULL OR p_name !~ '^[^[:space:][:cntrl:]]([^[:cntrl:]]{0,98}[^[:space:][:cntrl:]])?$' THEN
        RAISE invalid_parameter_value
            USING MESSAGE = 'a key needs a name: up to 100 characters in one line, without blanks at its ends';
    ELSIF EXISTS (SELECT FROM api_keys k
                   WHERE k.org_id = p_org_id AND k.revoked_at IS NULL AND p_name IN (k.name, k.id::text)) THEN
        RAISE unique_violation
            USING MESSAGE = format('org %s has a key %L', p_org_id, p_name),
                  HINT = 'revoke_api_key(org, name) ends it; list_api_keys(org) shows all.';
    END IF;
    INSERT INTO api_keys (org_id, name, prefix, key_hash)
    VALUES (p_org_id, p_name, left(v_key, 11), sha256(v_key::bytea));
    RETURN v_key;
END $$;

-- Revokes the org's good key of that name or id, says which by a NOTICE, and returns how many (several, where they
-- were made before names were refused). A running ingress forgets a key within TG_KEY_CACHE_TTL_MS (common/limits.h).
CREATE OR REPLACE FUNCTION revoke_api_key(p_org_id uuid, p_name text, OUT revoked integer)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
DECLARE
    v_key api_keys;
BEGIN
    revoked := 0;
    FOR v_key IN
        UPDATE api_keys k SET revoked_at = now()
         WHERE k.org_id = p_org_id AND p_name IN (k.name, k.id::text) AND k.revoked_at IS NULL
        RETURNING k.*
    LOOP
        revoked := revoked + 1;
        RAISE NOTICE 'revoked key "%" (%), id %, made %', v_key.name, coalesce(v_key.prefix || '...', 'no prefix'),
                     v_key.id, v_key.created_at;
    END LOOP;
    IF revoked = 0 THEN
        RAISE no_data_found
            USING MESSAGE = format('org %s has no key %L that is good', p_org_id, p_name),
                  HINT = 'list_api_keys(org) shows all.';
    END IF;
END $$;

-- All keys of an org, or of all of them; the oldest first.
CREATE OR REPLACE FUNCTION list_api_keys(p_org_id uuid DEFAULT NULL)
RETURNS TABLE (org_id uuid, org text, id uuid, name text, prefix text, created_at timestamptz,
               revoked_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
    SELECT k.org_id, o.name, k.id, k.name, k.prefix, k.created_at, k.revoked_at
      FROM api_keys k JOIN organizations o ON o.id = k.org_id
     WHERE p_org_id IS NULL OR k.org_id = p_org_id
     ORDER BY o.name, k.org_id, k.created_at, k.id;
$$;
