-- contact_document: a contact.
CREATE OR REPLACE FUNCTION contact_document(p_contact contacts) RETURNS json
LANGUAGE sql STABLE SET search_path = tollgate, pg_temp AS $$
    SELECT (contact_documents((p_contact).org_id, ARRAY[(p_contact).id]))[1];
$$;
