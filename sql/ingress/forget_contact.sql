-- forget_contact: erases a contact of the org's (operator/erase_contact.sql): now all that names the person; the janitor
-- follows with what was said (worker/finish_open_erasures.sql).
CREATE OR REPLACE FUNCTION forget_contact(p_actor text, p_org_id uuid, p_n bigint) RETURNS json
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
DECLARE
    v_contact contacts := contact_numbered(p_org_id, p_n);
    v_erased  json;
BEGIN
    PERFORM act_as(p_actor);
    SELECT coalesce(json_object_agg(replace(e.what, ' ', '_'), e.n), '{}') INTO v_erased
      FROM erase_contact(p_org_id, v_contact.phone, CASE WHEN v_contact.phone IS NULL THEN v_contact.user_id END) e;
    INSERT INTO audit_log (actor, org_id, action, object, object_id)
    VALUES (p_actor, p_org_id, 'delete', 'contacts', v_contact.id);
    RETURN json_build_object('id', v_contact.id, 'erased', v_erased);
END $$;
