-- get_campaign: one campaign, and how far it is.
CREATE OR REPLACE FUNCTION get_campaign(p_org_id uuid, p_id uuid) RETURNS json
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
DECLARE
    v_campaign campaigns;
BEGIN
    PERFORM org_named(p_org_id);
    SELECT * INTO v_campaign FROM campaigns c WHERE c.org_id = p_org_id AND c.id = p_id AND c.state <> 'filling';
    IF NOT FOUND THEN
        PERFORM refuse('not_found', 'id', 'The org has no such campaign');
    END IF;
    RETURN (campaign_document(v_campaign)::jsonb || jsonb_build_object('progress', progress_of(v_campaign)))::json;
END $$;
