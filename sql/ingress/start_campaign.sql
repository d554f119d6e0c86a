-- start_campaign: reserves the fees of all its messages, and lets it run; p_body may have the cost, as it was told: a
-- campaign that costs something else by now does not start. What runs already is told as it is, and not charged again.
-- Why it does not start is told in place of the campaign: refused, a code, with balance, cost and missing.
CREATE OR REPLACE FUNCTION start_campaign(p_actor text, p_org_id uuid, p_id uuid, p_body json) RETURNS json
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
DECLARE
    v_campaign campaigns;
    v_begun    record;
BEGIN
    PERFORM act_as(p_actor), org_named(p_org_id);
    PERFORM lock_wallets(ARRAY[p_org_id]);
    v_campaign := campaign_of(p_org_id, p_id);
    IF v_campaign.state IN ('draft', 'scheduled') THEN
        IF (p_body ->> 'cost')::numeric <> campaign_cost(v_campaign) THEN
            PERFORM refuse('conflict', 'cost', 'It costs ' || money_text(campaign_cost(v_campaign)) || ' by now');
        END IF;
        v_begun := begin_campaign(v_campaign);
        IF v_begun.why_not IS NOT NULL THEN
            RETURN json_build_object('refused', v_begun.why_not, 'balance', money_text(v_begun.balance),
                                     'cost', money_text(v_begun.cost),
                                     'missing', money_text(greatest(v_begun.cost - v_begun.balance, 0)));
        END IF;
    ELSIF v_campaign.state <> 'running' THEN
        PERFORM refuse('conflict', NULL, 'The campaign is ' || v_campaign.state || ': it cannot be started');
    END IF;
    RETURN campaign_now(p_org_id, p_id);
END $$;
