-- clear_campaigns: deletes up to p_limit recipients whom nobody needs any more: of a campaign that has ended at once, and
-- those who were refused p_kept_s later; and whatever was begun an hour ago and never finished. Returns how many.
CREATE OR REPLACE FUNCTION clear_campaigns(p_kept_s bigint, p_limit bigint) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
DECLARE
    v_campaign campaigns;
    v_old      boolean; -- all of it goes
    v_deleted  bigint;
BEGIN
    SELECT * INTO v_campaign FROM campaigns c WHERE c.clear_at <= clock_timestamp()
     ORDER BY c.clear_at LIMIT 1 FOR UPDATE SKIP LOCKED; -- nobody adds any meanwhile
    IF NOT FOUND THEN
        RETURN 0;
    END IF;
    v_old := v_campaign.state = 'filling' OR v_campaign.ended_at <= clock_timestamp() - p_kept_s * interval '1 second';
    DELETE FROM campaign_recipients r
     WHERE r.org_id = v_campaign.org_id AND r.campaign_id = v_campaign.id AND r.n = ANY (ARRAY(
               SELECT l.n FROM campaign_recipients l
                WHERE l.org_id = v_campaign.org_id AND l.campaign_id = v_campaign.id AND (v_old OR l.refused_for IS NULL)
                ORDER BY l.n LIMIT p_limit));
    GET DIAGNOSTICS v_deleted = ROW_COUNT;
    IF v_deleted = p_limit THEN
        RETURN v_deleted;
    ELSIF v_campaign.state = 'filling' THEN
        DELETE FROM campaigns c WHERE c.org_id = v_campaign.org_id AND c.id = v_campaign.id;
    ELSE
        UPDATE campaigns c
           SET clear_at = CASE WHEN NOT v_old THEN c.ended_at + p_kept_s * interval '1 second' END
         WHERE c.org_id = v_campaign.org_id AND c.id = v_campaign.id;
    END IF;
    RETURN v_deleted + 1;
END $$;
