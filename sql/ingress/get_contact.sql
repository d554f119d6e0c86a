-- get_contact: one of the org's contacts; of one that turned out to be another, that one.
CREATE OR REPLACE FUNCTION get_contact(p_org_id uuid, p_n bigint) RETURNS json
LANGUAGE plpgsql SET search_path = tollgate, pg_temp AS $$
BEGIN
    PERFORM read_for(p_org_id);
    RETURN contact_document(contact_numbered(p_org_id, p_n));
END $$;
