-- add_recipients: adds to a campaign that create_campaign has begun, in their order: each a line, a phone (digits) or a
-- user id, and what fills its placeholders, a list of strings as JSON. Of each what became of it: added;
-- contact_opted_out; duplicate_recipient, of an earlier line, which is told. Nobody, of a campaign that is gone.
CREATE OR REPLACE FUNCTION add_recipients(p_org_id uuid, p_campaign_id uuid, p_ns bigint[], p_phones text[],
                                          p_user_ids text[], p_fills text[])
RETURNS TABLE (outcome text, earlier bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
#variable_conflict use_column
DECLARE
    v_channel_id uuid := (SELECT c.channel_id FROM campaigns c
                           WHERE c.org_id = p_org_id AND c.id = p_campaign_id AND c.state = 'filling' FOR KEY SHARE);
    v_opt_outs   boolean[];
    v_names      text[];
    v_added      bigint[];
BEGIN
    IF v_channel_id IS NULL THEN
        PERFORM refuse('conflict', NULL, 'The campaign is made by another request now');
    END IF;
    SELECT array_agg(EXISTS (SELECT FROM find_opt_out(p_org_id, v_channel_id, u.phone, u.user_id)) ORDER BY u.at),
           array_agg(coalesce(least(u.phone, phone_alternative(u.phone)), u.user_id) ORDER BY u.at)
      INTO v_opt_outs, v_names
      FROM unnest(p_phones, p_user_ids) WITH ORDINALITY AS u (phone, user_id, at);
    WITH added AS (
        INSERT INTO campaign_recipients (org_id, campaign_id, n, name, phone, user_id, fills)
        SELECT p_org_id, p_campaign_id, u.n, u.name, u.phone, CASE WHEN u.phone IS NULL THEN u.user_id END, u.fills::json
          FROM unnest(p_ns, v_names, p_phones, p_user_ids, p_fills, v_opt_outs)
               AS u (n, name, phone, user_id, fills, is_opted_out)
         WHERE NOT u.is_opted_out ORDER BY u.n
        ON CONFLICT DO NOTHING RETURNING n
    )
    SELECT array_agg(a.n) INTO v_added FROM added a;
    RETURN QUERY
    SELECT CASE WHEN u.is_opted_out THEN 'contact_opted_out' WHEN u.n = ANY (v_added) THEN 'added'
                ELSE 'duplicate_recipient' END,
           -- (OFFSET: by their names, of which there is an index, and not by going through all of the campaign.)
           CASE WHEN u.n = ANY (v_added) OR u.is_opted_out THEN NULL ELSE
               (SELECT k.n FROM (SELECT * FROM campaign_recipients r
                                  WHERE r.campaign_id = p_campaign_id AND r.name = u.name OFFSET 0) k
                 WHERE k.org_id = p_org_id AND k.n <> u.n) END
      FROM unnest(p_ns, v_names, v_opt_outs) WITH ORDINALITY AS u (n, name, is_opted_out, at) ORDER BY u.at;
END $$;
