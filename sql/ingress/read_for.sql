-- read_for: from now on this transaction sees the rows of that org, by row-level security (row_level_security.sql), and of
-- no other. Refused if there is no such org. For the reads of orgs, which have the caller's rights.
CREATE OR REPLACE FUNCTION read_for(p_org_id uuid) RETURNS void
LANGUAGE plpgsql SET search_path = tollgate, pg_temp AS $$
BEGIN
    PERFORM set_config('tollgate.org_id', p_org_id::text, true);
    IF NOT EXISTS (SELECT FROM organizations o WHERE o.id = p_org_id) THEN
        PERFORM refuse('org_not_found', 'org_id', 'There is no such org');
    END IF;
END $$;
