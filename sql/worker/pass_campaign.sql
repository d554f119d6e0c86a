-- pass_campaign: does for a campaign what is to be done now: starts it, ends it, or passes a piece of its recipients on:
-- up to as many as there are message ids. Returns the messages that need their jobs.
--
-- A transaction of its own for each piece: whoever dies leaves all of it done, or nothing. Who holds the wallet is not
-- waited for long.
CREATE OR REPLACE FUNCTION pass_campaign(p_org_id uuid, p_campaign_id uuid, p_message_ids uuid[])
RETURNS TABLE (org_id uuid, message_id uuid)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
#variable_conflict use_column
DECLARE
    v_campaign campaigns;
    v_channel  channels;
BEGIN
    IF current_setting('tollgate.is_home', true) IS DISTINCT FROM 'yes' THEN
        PERFORM expect_home();
    END IF;
    PERFORM lock_wallets_soon(ARRAY[p_org_id]);
    SELECT * INTO v_campaign FROM campaigns c WHERE c.org_id = p_org_id AND c.id = p_campaign_id FOR NO KEY UPDATE;
    SELECT * INTO v_channel FROM channels h WHERE h.org_id = p_org_id AND h.id = v_campaign.channel_id;
    IF v_campaign.state IN ('scheduled', 'running', 'paused') AND v_campaign.not_after <= clock_timestamp() THEN
        PERFORM end_campaign(v_campaign, 'expired');
    ELSIF v_campaign.state = 'scheduled' AND v_campaign.send_at <= clock_timestamp() THEN
        PERFORM begin_at_time(v_campaign);
    ELSIF v_campaign.state = 'running' AND v_channel.status = 'disabled' THEN
        PERFORM end_campaign(v_campaign, 'cancelled', 'channel_not_found');
    ELSIF v_campaign.state = 'running' AND v_channel.sends THEN
        RETURN QUERY SELECT p_org_id, p.id FROM unnest(pass_piece(v_campaign, p_message_ids)) AS p (id);
    END IF;
END $$;
