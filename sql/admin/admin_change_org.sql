-- admin_change_org: changes an org's name or settings.
CREATE OR REPLACE FUNCTION admin_change_org(p_actor text, p_org_id uuid, p_body json) RETURNS json
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
BEGIN
    PERFORM act_as(p_actor), org_named(p_org_id);
    RETURN org_document(set_org(p_org_id, p_body::jsonb));
END $$;
