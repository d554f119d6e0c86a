-- API keys: 256 random bits, kept as their SHA-256.

-- Makes a key and returns it: the only time that it can be seen. A name that a good key of the org's has is refused.
-- From p_expires_at on it is good no more; used from elsewhere than p_addresses it is refused (null: neither counts).
CREATE OR REPLACE FUNCTION create_api_key(p_org_id uuid, p_name text, p_rights text[] DEFAULT '{send,read}',
                                          p_expires_at timestamptz DEFAULT NULL, p_addresses cidr[] DEFAULT NULL)
RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
DECLARE
    v_key text := new_token('tg_');
BEGIN
    PERFORM FROM organizations o WHERE o.id = p_org_id FOR NO KEY UPDATE; -- one after the other
    IF NOT FOUND THEN
        RAISE no_data_found USING MESSAGE = format('there is no org %s', p_org_id);
    ELSIF is_key_name(p_name) IS NOT TRUE THEN
        RAISE invalid_parameter_value
            USING MESSAGE = 'a key needs a name: up to 100 characters in one line, without blanks at its ends';
    ELSIF p_expires_at <= now() THEN
        RAISE invalid_parameter_value USING MESSAGE = 'a key must expire in the future, or never (null)';
    ELSIF cardinality(p_addresses) NOT BETWEEN 1 AND 32 OR array_position(p_addresses, NULL) IS NOT NULL THEN
        RAISE invalid_parameter_value USING MESSAGE = 'a key has 1 to 32 networks, or null for any';
    ELSIF EXISTS (SELECT FROM api_keys k
                   WHERE k.org_id = p_org_id AND k.revoked_at IS NULL AND p_name IN (k.name, k.id::text)) THEN
        RAISE unique_violation
            USING MESSAGE = format('org %s has a key %L', p_org_id, p_name),
                  HINT = 'revoke_api_key(org, name) ends it; list_api_keys(org) shows all.';
    END IF;
    INSERT INTO api_keys (org_id, name, prefix, key_hash, rights, expires_at, addresses)
    VALUES (p_org_id, p_name, left(v_key, 11), sha256(v_key::bytea), check_rights(p_rights), p_expires_at,
            p_addresses);
    RETURN v_key;
END $$;

-- Revokes the org's good key of that name or id, says which by a NOTICE, and returns how many (several, where they
-- were made before names were refused). A running ingress forgets a key within a second.
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
DROP FUNCTION IF EXISTS list_api_keys(uuid);
CREATE FUNCTION list_api_keys(p_org_id uuid DEFAULT NULL)
RETURNS TABLE (org_id uuid, org text, id uuid, name text, prefix text, rights text[], addresses cidr[],
               created_at timestamptz, expires_at timestamptz, last_used_at timestamptz, revoked_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
    SELECT k.org_id, o.name, k.id, k.name, k.prefix, k.rights, k.addresses, k.created_at, k.expires_at,
           k.last_used_at, k.revoked_at
      FROM api_keys k JOIN organizations o ON o.id = k.org_id
     WHERE p_org_id IS NULL OR k.org_id = p_org_id
     ORDER BY o.name, k.org_id, k.created_at, k.id;
$$;
