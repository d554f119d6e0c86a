-- find_relayed: whose token a call is relayed under, of the org's channels that are not disabled, by the id in its path:
--   number   the id is that of a channel's number
--   account  it is that of a business account in which no other org has a number: the org's default channel, if that
--            is of the account, or the first of it
--   node     Tollgate knows nothing of it, such as a media id, or there is none (null): the channel with the number
--            that is named beside it, or the org's default channel
-- No row where the id, or the number beside it, is not the org's. The token as it stands: what ingress gets to see of
-- tokens, one channel's of an org that it names.
CREATE OR REPLACE FUNCTION find_relayed(p_org_id uuid, p_id text, p_phone_number_id text)
RETURNS TABLE (kind text, channel_id uuid, phone_number_id text, access_token text, is_suspended boolean,
               must_hear boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
    SELECT f.kind, c.id, c.phone_number_id, c.access_token, o.status <> 'active',
           o.undelivered_after IS NOT NULL
      FROM organizations o
     CROSS JOIN relayed_kind(o.id, p_id) AS f (kind)
     CROSS JOIN LATERAL (
          SELECT h.* FROM find_channel(o.id, NULL, CASE f.kind WHEN 'number' THEN p_id ELSE p_phone_number_id END,
                                       o.default_channel_id) h
           WHERE f.kind <> 'account'
           UNION ALL
         (SELECT h.* FROM channels h
           WHERE f.kind = 'account' AND h.org_id = o.id AND h.waba_id = p_id AND h.status <> 'disabled'
           ORDER BY (h.phone_number_id = p_phone_number_id) IS TRUE DESC, (h.id = o.default_channel_id) IS TRUE DESC,
                    h.created_at, h.id LIMIT 1)) c
     WHERE o.id = p_org_id
       AND (p_phone_number_id IS NULL
            OR EXISTS (SELECT FROM channels h WHERE h.phone_number_id = p_phone_number_id AND h.org_id = o.id
                                                AND h.status <> 'disabled'));
$$;
