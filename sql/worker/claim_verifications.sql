-- claim_verifications: endpoints that are to be asked whether they want to be told (format meta), up to p_limit. Each is
-- asked again after p_lease_s unless settle_verifications tells under p_verify_id what came of it.
CREATE OR REPLACE FUNCTION claim_verifications(p_verify_id uuid, p_limit bigint, p_lease_s bigint)
RETURNS TABLE (org_id uuid, endpoint_id uuid, url text, verify_token text)
LANGUAGE sql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
    UPDATE endpoints p SET verify_id = p_verify_id, verify_at = now() + make_interval(secs => p_lease_s)
     WHERE (p.org_id, p.id) IN (SELECT v.org_id, v.id FROM endpoints v WHERE v.verify_at <= now()
                                 ORDER BY v.verify_at LIMIT p_limit FOR NO KEY UPDATE SKIP LOCKED)
    RETURNING p.org_id, p.id, p.url, p.verify_token;
$$;
