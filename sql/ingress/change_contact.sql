-- change_contact: what the org keeps of a contact: name, language, tags, attributes.
CREATE OR REPLACE FUNCTION change_contact(p_actor text, p_org_id uuid, p_n bigint, p_body json) RETURNS json
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
DECLARE
    v_contact contacts := contact_numbered(p_org_id, p_n);
BEGIN
    PERFORM act_as(p_actor), check_contact(p_body);
    IF keep_contact(p_org_id, v_contact.id, p_body::jsonb) THEN
        PERFORM tell_contact(p_org_id, 'update', v_contact.id, p_body::jsonb);
    END IF;
    RETURN contact_document(contact_numbered(p_org_id, v_contact.id));
END $$;
