-- create_contact: a contact by its phone (digits) or user id, with what the org keeps of it. One that the org has, in
-- whichever form, is refused.
CREATE OR REPLACE FUNCTION create_contact(p_actor text, p_org_id uuid, p_body json) RETURNS json
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
DECLARE
    v_phone   text := p_body ->> 'phone';
    v_user_id text := p_body ->> 'user_id';
    v_id      bigint;
BEGIN
    PERFORM act_as(p_actor), org_named(p_org_id), check_contact(p_body);
    IF num_nonnulls(v_phone, v_user_id) <> 1 THEN
        PERFORM refuse(CASE WHEN v_phone IS NULL THEN 'missing_field' ELSE 'invalid_field' END, 'phone',
                       'Give either phone or user_id');
    ELSIF contacts_named(p_org_id, ARRAY[v_phone], ARRAY[v_user_id]) IS NULL THEN
        INSERT INTO contacts (org_id, phone, user_id) VALUES (p_org_id, v_phone, v_user_id)
        ON CONFLICT DO NOTHING RETURNING id INTO v_id;
    END IF;
    IF v_id IS NULL THEN
        PERFORM refuse('already_exists', CASE WHEN v_phone IS NULL THEN 'user_id' ELSE 'phone' END,
                       'The org has this contact');
    END IF;
    PERFORM keep_contact(p_org_id, v_id, p_body::jsonb), tell_contact(p_org_id, 'insert', v_id, p_body::jsonb);
    RETURN contact_document(contact_numbered(p_org_id, v_id));
END $$;
