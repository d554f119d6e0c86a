-- list_refused_recipients: those of a campaign who got no message when their turn came, with the reason, by their line,
-- the last one first. They are kept for some time after its end (worker/clear_campaigns.sql).
CREATE OR REPLACE FUNCTION list_refused_recipients(p_org_id uuid, p_id uuid, p_before bigint, p_limit bigint) RETURNS json
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
BEGIN
    PERFORM org_named(p_org_id);
    IF NOT EXISTS (SELECT FROM campaigns c WHERE c.org_id = p_org_id AND c.id = p_id AND c.state <> 'filling') THEN
        PERFORM refuse('not_found', 'id', 'The org has no such campaign');
    END IF;
    RETURN (SELECT page_of('recipients', p_limit,
                           array_agg(json_build_object('line', l.n, 'phone', l.phone, 'user_id', l.user_id,
                                                       'code', l.refused_for) ORDER BY l.n DESC),
                           array_agg(to_json(l.n) ORDER BY l.n DESC))
              FROM (SELECT * FROM campaign_recipients r
                     WHERE r.org_id = p_org_id AND r.campaign_id = p_id AND r.refused_for IS NOT NULL AND r.n < p_before
                     ORDER BY r.n DESC LIMIT p_limit + 1) l);
END $$;
