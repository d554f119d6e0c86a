-- finish_campaign: all recipients are there. Returns the campaign; NULL, and it is gone: there is none to send to.
CREATE OR REPLACE FUNCTION finish_campaign(p_actor text, p_org_id uuid, p_campaign_id uuid) RETURNS TABLE (document json)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
DECLARE
    v_recipients bigint := (SELECT count(*) FROM campaign_recipients r
                             WHERE r.org_id = p_org_id AND r.campaign_id = p_campaign_id);
BEGIN
    PERFORM act_as(p_actor);
    IF v_recipients = 0 THEN
        DELETE FROM campaigns c WHERE c.org_id = p_org_id AND c.id = p_campaign_id AND c.state = 'filling';
        RETURN QUERY SELECT NULL::json;
        RETURN;
    END IF;
    UPDATE campaigns c
       SET state = CASE WHEN c.send_at IS NULL THEN 'draft' ELSE 'scheduled' END, recipients = v_recipients, clear_at = NULL
     WHERE c.org_id = p_org_id AND c.id = p_campaign_id AND c.state = 'filling';
    IF NOT FOUND THEN
        PERFORM refuse('conflict', NULL, 'The campaign is made by another request now');
    END IF;
    RETURN QUERY SELECT campaign_now(p_org_id, p_campaign_id);
END $$;
