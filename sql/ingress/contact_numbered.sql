-- contact_numbered: the org's contact of this number, or that it turned out to be; refused if
-- there is none, or it was erased.
CREATE OR REPLACE FUNCTION contact_numbered(p_org_id uuid, p_n bigint) RETURNS contacts
LANGUAGE plpgsql STABLE SET search_path = tollgate, pg_temp AS $$
DECLARE
    v_contact contacts;
BEGIN
    SELECT c.* INTO v_contact FROM contacts k JOIN contacts c ON c.org_id = k.org_id AND c.id = coalesce(k.merged_into, k.id)
     WHERE k.org_id = p_org_id AND k.id = p_n AND c.erased_at IS NULL;
    IF NOT FOUND THEN
        PERFORM refuse('not_found', NULL, 'The org has no such contact');
    END IF;
    RETURN v_contact;
END $$;
