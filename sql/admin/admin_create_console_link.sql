-- admin_create_console_link: makes a link that lets one of the org's people into the console, once (core/links.sql).
CREATE OR REPLACE FUNCTION admin_create_console_link(p_actor text, p_org_id uuid, p_body json) RETURNS json
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
BEGIN
    PERFORM act_as(p_actor), org_named(p_org_id);
    RETURN made_link(p_org_id, p_body::jsonb);
END $$;
