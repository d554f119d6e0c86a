-- relayed_kind: what the id in a relayed call's path is to the org (find_relayed); null: it is not there.
CREATE OR REPLACE FUNCTION relayed_kind(p_org_id uuid, p_id text) RETURNS text
LANGUAGE sql STABLE AS $$
    SELECT CASE
        WHEN EXISTS (SELECT FROM channels c WHERE c.phone_number_id = p_id AND c.org_id = p_org_id
                                              AND c.status <> 'disabled') THEN 'number'
        WHEN EXISTS (SELECT FROM channels c WHERE c.waba_id = p_id AND c.org_id = p_org_id
                                              AND c.status <> 'disabled')
             AND NOT EXISTS (SELECT FROM channels c WHERE c.waba_id = p_id AND c.org_id <> p_org_id
                                                      AND c.status <> 'disabled') THEN 'account'
        WHEN NOT EXISTS (SELECT FROM channels c WHERE c.phone_number_id = p_id)
             AND NOT EXISTS (SELECT FROM channels c WHERE c.waba_id = p_id) THEN 'node' END;
$$;
