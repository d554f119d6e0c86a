-- admin_add_channel: a number and its access token become the org's.
CREATE OR REPLACE FUNCTION admin_add_channel(p_actor text, p_org_id uuid, p_body json) RETURNS json
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
BEGIN
    PERFORM act_as(p_actor), org_named(p_org_id), check_channel(p_body::jsonb);
    RETURN channel_document(put_channel(p_org_id, p_body::jsonb));
END $$;
