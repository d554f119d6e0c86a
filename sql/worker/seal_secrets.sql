-- seal_secrets: endpoints' secrets are sealed, or sealed under another key, each if it still has that SHA-256, in whichever
-- column. It is no change that anybody made (tollgate.sealing). Returns how many were.
CREATE OR REPLACE FUNCTION seal_secrets(p_org_ids uuid[], p_endpoint_ids uuid[], p_names text[], p_digests bytea[],
                                        p_sealed text[]) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
DECLARE
    v_one    record;
    v_sealed bigint := 0;
    v_done   bigint;
BEGIN
    PERFORM set_config('tollgate.sealing', 'yes', true);
    FOR v_one IN
        SELECT * FROM unnest(p_org_ids, p_endpoint_ids, p_names, p_digests, p_sealed) AS i (org_id, id, name, digest, sealed)
         ORDER BY i.org_id, i.id, i.name
    LOOP
        UPDATE endpoints p
           SET secret = CASE v_one.name WHEN 'secret' THEN v_one.sealed ELSE p.secret END,
               old_secret = CASE v_one.name WHEN 'old_secret' THEN v_one.sealed ELSE p.old_secret END,
               verify_token = CASE v_one.name WHEN 'verify_token' THEN v_one.sealed ELSE p.verify_token END
         WHERE p.org_id = v_one.org_id AND p.id = v_one.id
           AND sha256(convert_to(CASE v_one.name WHEN 'secret' THEN p.secret WHEN 'old_secret' THEN p.old_secret
                                                 ELSE p.verify_token END, 'UTF8')) = v_one.digest;
        GET DIAGNOSTICS v_done = ROW_COUNT;
        v_sealed := v_sealed + v_done;
    END LOOP;
    PERFORM set_config('tollgate.sealing', '', true);
    RETURN v_sealed;
END $$;
