-- settle_verifications: what endpoints have said that were asked under p_verify_id, unless they were changed meanwhile: why
-- each does not want to be told, in words for people; NULL: it does.
CREATE OR REPLACE FUNCTION settle_verifications(p_verify_id uuid, p_org_ids uuid[], p_endpoint_ids uuid[], p_whys text[])
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
BEGIN
    UPDATE endpoints p
       SET state = CASE WHEN i.why IS NULL THEN 'active' ELSE 'disabled' END, state_why = i.why,
           state_since = clock_timestamp(), verify_id = NULL, verify_at = NULL
      FROM unnest(p_org_ids, p_endpoint_ids, p_whys) AS i (org_id, endpoint_id, why)
     WHERE p.org_id = i.org_id AND p.id = i.endpoint_id AND p.verify_id = p_verify_id AND p.state = 'verifying'
       AND p.deleted_at IS NULL;
END $$;
