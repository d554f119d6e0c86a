-- cancel_campaign: nothing of it leaves any more but what a worker has in hand, and what has not left is given back:
-- what was reserved in one sum, and the fee of each message that waits.
CREATE OR REPLACE FUNCTION cancel_campaign(p_actor text, p_org_id uuid, p_id uuid) RETURNS json
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
DECLARE
    v_campaign campaigns;
BEGIN
    PERFORM act_as(p_actor), org_named(p_org_id);
    PERFORM lock_wallets(ARRAY[p_org_id]);
    v_campaign := campaign_of(p_org_id, p_id);
    IF v_campaign.state IN ('draft', 'scheduled', 'running', 'paused')
       OR v_campaign.state = 'done' AND are_waiting(p_org_id, p_id) THEN
        PERFORM end_campaign(v_campaign, 'cancelled');
        PERFORM end_waiting_of(v_campaign);
    ELSIF v_campaign.state <> 'cancelled' THEN
        PERFORM refuse('too_late', NULL, 'The campaign is ' || v_campaign.state || ': there is nothing to cancel');
    END IF;
    RETURN campaign_now(p_org_id, p_id);
END $$;
