-- admin_create_org: makes an org: its name, and whatever of its settings.
CREATE OR REPLACE FUNCTION admin_create_org(p_actor text, p_body json) RETURNS json
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
DECLARE
    v_body CONSTANT jsonb := p_body::jsonb;
    v_org_id        uuid;
BEGIN
    PERFORM act_as(p_actor), check_org(NULL, v_body);
    INSERT INTO organizations (name, currency) VALUES (v_body ->> 'name', coalesce(v_body ->> 'currency', 'INR'))
    RETURNING id INTO v_org_id;
    RETURN org_document(set_org(v_org_id, v_body - '{name,currency}'::text[]));
END $$;
