-- seal_tokens: access tokens are sealed, or sealed under another key, each if it still has that SHA-256. What somebody
-- is changing is let alone. It is no change of the token: what follows from one is not done (follow_channel), since
-- tollgate.sealing says so. Returns how many were.
CREATE OR REPLACE FUNCTION seal_tokens(p_org_ids uuid[], p_channel_ids uuid[], p_digests bytea[], p_sealed text[])
RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
DECLARE
    v_sealed bigint;
BEGIN
    PERFORM set_config('tollgate.sealing', 'yes', true);
    WITH mine AS MATERIALIZED (
        SELECT c.org_id, c.id, i.digest, i.sealed
          FROM unnest(p_org_ids, p_channel_ids, p_digests, p_sealed) AS i (org_id, id, digest, sealed)
          JOIN channels c ON c.org_id = i.org_id AND c.id = i.id
         WHERE sha256(convert_to(c.access_token, 'UTF8')) = i.digest
         ORDER BY c.id FOR NO KEY UPDATE OF c SKIP LOCKED
    )
    UPDATE channels c SET access_token = m.sealed
      FROM mine m
     WHERE c.org_id = m.org_id AND c.id = m.id AND sha256(convert_to(c.access_token, 'UTF8')) = m.digest;
    GET DIAGNOSTICS v_sealed = ROW_COUNT;
    PERFORM set_config('tollgate.sealing', '', true);
    RETURN v_sealed;
END $$;
