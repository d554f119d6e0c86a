-- What bounds who acts: a key that is good for a time, or from some networks, gives nobody more than that.

-- bounding_key: the key that an actor shows, or that the session of an actor goes back to; NULLs: none.
CREATE OR REPLACE FUNCTION bounding_key(p_org_id uuid, p_actor text) RETURNS api_keys
LANGUAGE sql STABLE AS $$
    SELECT k.* FROM api_keys k
     WHERE k.org_id = p_org_id
       AND (p_actor = 'key:' || coalesce(k.prefix, k.id::text)
            OR k.id = (SELECT s.key_id FROM sessions s WHERE s.org_id = p_org_id AND p_actor = 'session:' || s.id))
     LIMIT 1;
$$;

-- check_bounds: refuses a key that is good for longer than the bounds, or from elsewhere.
CREATE OR REPLACE FUNCTION check_bounds(p_bounds api_keys, p_expires_at timestamptz, p_addresses cidr[]) RETURNS void
LANGUAGE plpgsql STABLE AS $$
BEGIN
    IF (p_expires_at <= p_bounds.expires_at) IS NOT TRUE AND p_bounds.expires_at IS NOT NULL THEN
        PERFORM refuse('invalid_field', 'expires_at',
                       format('expires_at must be %s at the latest: the key of who asks ends then',
                              time_text(p_bounds.expires_at)));
    ELSIF p_bounds.addresses IS NOT NULL
          AND (p_addresses IS NULL
               OR EXISTS (SELECT FROM unnest(p_addresses) a
                           WHERE NOT EXISTS (SELECT FROM unnest(p_bounds.addresses) b WHERE a <<= b))) THEN
        PERFORM refuse('invalid_field', 'addresses',
                       format('addresses must be within %s: those of the key of who asks',
                              array_to_string(p_bounds.addresses, ', ')));
    END IF;
END $$;
