-- find_template_call: whose token a change of templates is passed on under, and whose account it is of: of the template of
-- that id, or (null) of the channel that is named, by its id or its number, or else the org's default. No row where there is no
-- such template or channel, or where the account is not the org's alone (find_relayed). The token as it stands.
CREATE OR REPLACE FUNCTION find_template_call(p_org_id uuid, p_id text, p_channel_id uuid, p_phone_number_id text)
RETURNS TABLE (waba_id text, name text, channel_id uuid, phone_number_id text, access_token text, is_suspended boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
    SELECT a.waba_id, a.name, c.id, c.phone_number_id, c.access_token, o.status <> 'active'
      FROM organizations o
     CROSS JOIN LATERAL (
           SELECT t.waba_id, t.name, NULL::uuid AS named FROM templates t
            WHERE t.org_id = o.id AND t.id = p_id AND t.status <> 'DELETED'
           UNION ALL
           SELECT h.waba_id, NULL, h.id FROM find_channel(o.id, p_channel_id, p_phone_number_id, o.default_channel_id) h
            WHERE p_id IS NULL) a
     CROSS JOIN LATERAL (
           SELECT h.* FROM channels h
            WHERE h.org_id = o.id AND h.waba_id = a.waba_id AND h.status <> 'disabled'
            ORDER BY (h.id = a.named) IS TRUE DESC, (h.id = o.default_channel_id) IS TRUE DESC, h.created_at, h.id LIMIT 1) c
     WHERE o.id = p_org_id AND relayed_kind(o.id, a.waba_id) = 'account';
$$;
