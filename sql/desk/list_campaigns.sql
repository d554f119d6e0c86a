-- list_campaigns: the org's campaigns, newest first; p_find may have a state.
CREATE OR REPLACE FUNCTION list_campaigns(p_org_id uuid, p_find json, p_before_id uuid, p_limit bigint) RETURNS json
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
BEGIN
    PERFORM org_named(p_org_id);
    RETURN (SELECT page_of('campaigns', p_limit, array_agg(campaign_document(l) ORDER BY l.id DESC),
                           array_agg(to_json(l.id) ORDER BY l.id DESC))
              FROM (SELECT * FROM campaigns c
                     WHERE c.org_id = p_org_id AND c.state <> 'filling' AND (p_before_id IS NULL OR c.id < p_before_id)
                       AND (p_find ->> 'state' IS NULL OR c.state = p_find ->> 'state')
                     ORDER BY c.id DESC LIMIT p_limit + 1) l);
END $$;
