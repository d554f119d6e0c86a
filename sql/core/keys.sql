-- Keys as the desks make and end them.

-- is_key_name: may a key be called so?
CREATE OR REPLACE FUNCTION is_key_name(p_name text) RETURNS boolean
LANGUAGE sql IMMUTABLE
RETURN p_name ~ '^[^[:space:][:cntrl:]]([^[:cntrl:]]{0,98}[^[:space:][:cntrl:]])?$';

-- made_key: makes a key (name, rights, expires_at, addresses), which is told this once. What cannot be is refused by its
-- name. It has the bounds of who acts, and may have narrower ones.
CREATE OR REPLACE FUNCTION made_key(p_org_id uuid, p_body json) RETURNS json
LANGUAGE plpgsql AS $$
DECLARE
    v_body CONSTANT   jsonb := p_body::jsonb;
    v_bounds CONSTANT api_keys := bounding_key(p_org_id, current_actor());
    v_field           text := 'addresses';
    v_addresses       cidr[];
    v_expires_at      timestamptz;
    v_key             text;
    v_row             api_keys;
BEGIN
    v_addresses := CASE WHEN v_body ? 'addresses' THEN texts_of(v_body -> 'addresses')::cidr[] ELSE v_bounds.addresses END;
    v_expires_at := coalesce((v_body ->> 'expires_at')::timestamptz, v_bounds.expires_at);
    PERFORM check_bounds(v_bounds, v_expires_at, v_addresses);
    v_field := CASE WHEN v_body ? 'rights' AND NOT texts_of(v_body -> 'rights') <@ '{send,read,manage,money,keys}'
                         OR v_body -> 'rights' = '[]' THEN 'rights'
                    WHEN cardinality(v_addresses) NOT BETWEEN 1 AND 32 THEN 'addresses'
                    WHEN v_expires_at <= now() THEN 'expires_at' ELSE 'name' END;
    v_key := create_api_key(p_org_id, v_body ->> 'name',
                            CASE WHEN v_body ? 'rights' THEN texts_of(v_body -> 'rights') ELSE '{send,read}' END,
                            v_expires_at, v_addresses);
    SELECT k.* INTO v_row FROM api_keys k WHERE k.key_hash = sha256(v_key::bytea);
    RETURN (key_document(v_row)::jsonb || jsonb_build_object('key', v_key))::json;
EXCEPTION
    WHEN unique_violation THEN
        PERFORM refuse('already_exists', 'name', 'The org has a good key of that name');
    WHEN invalid_parameter_value OR invalid_text_representation THEN
        PERFORM refuse('invalid_field', v_field, CASE v_field WHEN 'addresses'
            THEN 'addresses must be 1 to 32 networks such as 203.0.113.0/24' ELSE SQLERRM END);
END $$;

-- key_as: a key as the body has it (name, rights, expires_at, addresses); what is not named stays. What cannot be is
-- refused by its name.
CREATE OR REPLACE FUNCTION key_as(p_key api_keys, p_body jsonb) RETURNS api_keys
LANGUAGE plpgsql AS $$
BEGIN
    p_key.name := coalesce(p_body ->> 'name', p_key.name);
    IF NOT is_key_name(p_key.name) THEN
        PERFORM refuse('invalid_field', 'name',
                       'name must be up to 100 characters in one line, without blanks at its ends');
    END IF;
    IF p_body ? 'rights' THEN
        IF p_body -> 'rights' = '[]' OR NOT texts_of(p_body -> 'rights') <@ '{send,read,manage,money,keys}' THEN
            PERFORM refuse('invalid_field', 'rights', 'rights must be some of send, read, manage, money, keys');
        END IF;
        p_key.rights := check_rights(texts_of(p_body -> 'rights'));
    END IF;
    IF p_body ? 'expires_at' THEN
        p_key.expires_at := (p_body ->> 'expires_at')::timestamptz;
        IF p_key.expires_at <= now() THEN
            PERFORM refuse('invalid_field', 'expires_at', 'expires_at must be in the future, or null');
        END IF;
    END IF;
    IF p_body ? 'addresses' THEN
        p_key.addresses := CASE WHEN p_body -> 'addresses' <> 'null' THEN texts_of(p_body -> 'addresses')::cidr[] END;
    END IF;
    RETURN p_key;
EXCEPTION WHEN invalid_text_representation THEN
    PERFORM refuse('invalid_field', 'addresses', 'addresses must be 1 to 32 networks such as 203.0.113.0/24');
END $$;

-- changed_key: changes a key (name, rights, expires_at, addresses), which every ingress knows within a second. p_rights:
-- the key may do no more, once that is done (NULL: whatever there is), for no longer and from nowhere else than who acts:
-- so nobody widens, or lengthens, what they lack.
CREATE OR REPLACE FUNCTION changed_key(p_org_id uuid, p_id uuid, p_rights text[], p_body json) RETURNS json
LANGUAGE plpgsql AS $$
DECLARE
    v_key   api_keys;
    v_lacks text;
BEGIN
    PERFORM FROM organizations o WHERE o.id = p_org_id FOR NO KEY UPDATE; -- one name after the other
    SELECT * INTO v_key FROM api_keys k WHERE k.org_id = p_org_id AND k.id = p_id FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        PERFORM refuse('not_found', NULL, 'The org has no such key');
    ELSIF v_key.revoked_at IS NOT NULL THEN
        PERFORM refuse('conflict', NULL, 'The key was ended: make another');
    END IF;
    v_key := key_as(v_key, p_body::jsonb);
    v_lacks := (SELECT r FROM unnest(v_key.rights) WITH ORDINALITY AS v (r, n)
                 WHERE r <> ALL (p_rights) ORDER BY n LIMIT 1);
    IF v_lacks IS NOT NULL AND p_body::jsonb ? 'rights' THEN
        PERFORM refuse('invalid_field', 'rights', 'rights must be some of ' || array_to_string(p_rights, ', ')
                                                  || ': those of who changes the key');
    ELSIF v_lacks IS NOT NULL THEN
        PERFORM refuse('missing_right', v_lacks, format('The key has the right "%s", which who changes it lacks', v_lacks));
    ELSIF EXISTS (SELECT FROM api_keys k WHERE k.org_id = p_org_id AND k.id <> p_id AND k.revoked_at IS NULL
                                           AND v_key.name IN (k.name, k.id::text)) THEN
        PERFORM refuse('already_exists', 'name', 'The org has a good key of that name');
    ELSIF cardinality(v_key.addresses) NOT BETWEEN 1 AND 32 THEN
        PERFORM refuse('invalid_field', 'addresses', 'addresses must be 1 to 32 networks such as 203.0.113.0/24, or null');
    END IF;
    PERFORM check_bounds(bounding_key(p_org_id, current_actor()), v_key.expires_at, v_key.addresses);
    UPDATE api_keys k
       SET name = v_key.name, rights = v_key.rights, expires_at = v_key.expires_at, addresses = v_key.addresses
     WHERE k.org_id = p_org_id AND k.id = p_id RETURNING * INTO v_key;
    RETURN key_document(v_key);
END $$;

-- ended_key: from now on the key is nobody's; every ingress knows it within a second.
CREATE OR REPLACE FUNCTION ended_key(p_org_id uuid, p_id uuid) RETURNS json
LANGUAGE plpgsql AS $$
DECLARE
    v_key api_keys;
BEGIN
    UPDATE api_keys k SET revoked_at = now() WHERE k.org_id = p_org_id AND k.id = p_id AND k.revoked_at IS NULL;
    SELECT * INTO v_key FROM api_keys k WHERE k.org_id = p_org_id AND k.id = p_id;
    IF NOT FOUND THEN
        PERFORM refuse('not_found', NULL, 'The org has no such key');
    END IF;
    RETURN key_document(v_key);
END $$;

-- key_page: the org's keys, newest first, also those that were revoked.
CREATE OR REPLACE FUNCTION key_page(p_org_id uuid, p_before_id uuid, p_limit bigint) RETURNS json
LANGUAGE sql STABLE AS $$
    SELECT page_of('keys', p_limit, array_agg(key_document(p.k) ORDER BY p.place) FILTER (WHERE p.place IS NOT NULL),
                   array_agg(to_json((p.k).id) ORDER BY p.place))
      FROM org_named(p_org_id) o
      LEFT JOIN LATERAL (
           SELECT k, row_number() OVER (ORDER BY k.created_at DESC, k.id DESC) AS place FROM api_keys k
            WHERE k.org_id = o.id
              AND (p_before_id IS NULL
                   OR (k.created_at, k.id) < (SELECT b.created_at, b.id FROM api_keys b
                                               WHERE b.org_id = o.id AND b.id = p_before_id))
            ORDER BY k.created_at DESC, k.id DESC LIMIT p_limit + 1) p ON true;
$$;
