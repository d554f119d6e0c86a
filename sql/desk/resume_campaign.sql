-- resume_campaign: what was paused goes on.
CREATE OR REPLACE FUNCTION resume_campaign(p_actor text, p_org_id uuid, p_id uuid) RETURNS json
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
DECLARE
    v_campaign campaigns;
BEGIN
    PERFORM act_as(p_actor), org_named(p_org_id);
    v_campaign := campaign_of(p_org_id, p_id);
    IF v_campaign.state = 'paused' THEN
        UPDATE campaigns c SET state = 'running' WHERE c.org_id = p_org_id AND c.id = p_id;
        PERFORM take_up(v_campaign);
    ELSIF v_campaign.state <> 'running' THEN
        PERFORM refuse('conflict', NULL, 'The campaign is ' || v_campaign.state || ': it cannot be resumed');
    END IF;
    RETURN campaign_now(p_org_id, p_id);
END $$;
