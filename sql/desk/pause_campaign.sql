-- pause_campaign: no recipient becomes a message any more, and what has become one and waits in the outbox is set aside.
-- What a worker has in hand comes to its end. One that is done has had all its turns; what waits then is set aside likewise.
CREATE OR REPLACE FUNCTION pause_campaign(p_actor text, p_org_id uuid, p_id uuid) RETURNS json
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
DECLARE
    v_campaign campaigns;
BEGIN
    PERFORM act_as(p_actor), org_named(p_org_id);
    v_campaign := campaign_of(p_org_id, p_id);
    IF v_campaign.state = 'running' OR v_campaign.state = 'done' AND are_waiting(p_org_id, p_id) THEN
        UPDATE campaigns c SET state = 'paused', ended_at = NULL, clear_at = NULL WHERE c.org_id = p_org_id AND c.id = p_id;
        PERFORM set_aside(v_campaign);
    ELSIF v_campaign.state <> 'paused' THEN
        PERFORM refuse('conflict', NULL, 'The campaign is ' || v_campaign.state || ': it cannot be paused');
    END IF;
    RETURN campaign_now(p_org_id, p_id);
END $$;
