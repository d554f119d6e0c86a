-- find_change_owners: whose each of these items of webhooks is, of those orgs that ask for what Meta posts: by the rules by
-- which they are applied (find_inbound, find_statuses, record_account_notices), whatever came of that; and which message
-- each is about, once they are applied.
CREATE OR REPLACE FUNCTION find_change_owners(
    p_phone_number_ids text[], -- over which number it came; NULL: none is named
    p_accounts text[],         -- whose it is if that number is nobody's; NULL: then it is nobody's
    p_times bigint[],          -- Unix seconds, Meta's; 0: now
    p_message_ids uuid[],      -- of a status: biz_opaque_callback_data; NULL: none that could be ours
    p_wamids text[]            -- of the message that it is, or is about; NULL: it is about none
) RETURNS TABLE (              -- a row per item, in order
    org_id uuid,               -- NULL: somebody's who does not ask, or nobody's; and so is all the rest
    channel_id uuid, message_id uuid,
    is_ours boolean,           -- biz_opaque_callback_data is the message's id, which Tollgate has put there
    callback_data text         -- in place of this, which is the org's own; NULL: of nothing
)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
#variable_conflict use_column
DECLARE
    v_numbers  text[] := ARRAY(SELECT c.phone_number_id FROM channels c JOIN event_wishes w ON w.org_id = c.org_id
                                WHERE c.phone_number_id = ANY (p_phone_number_ids) AND w.asked @> '{meta.*}');
    v_accounts text[] := ARRAY(SELECT c.waba_id FROM channels c JOIN event_wishes w ON w.org_id = c.org_id
                                WHERE c.waba_id = ANY (p_accounts) AND w.asked @> '{meta.*}');
BEGIN
    RETURN QUERY
    SELECT w.org_id, CASE WHEN w.org_id IS NOT NULL THEN coalesce(h.id, known.channel_id, c.id) END,
           CASE WHEN w.org_id IS NOT NULL THEN coalesce(named.id, known.id) END, w.org_id IS NOT NULL AND h.id IS NOT NULL,
           CASE WHEN w.org_id IS NOT NULL THEN named.callback_data END
      FROM (SELECT u.n, to_timestamp(nullif(u.at, 0)) AS at, m.is_asked,
                   CASE WHEN m.is_asked THEN u.phone_number_id END AS number, CASE WHEN m.is_asked THEN u.account END AS account,
                   CASE WHEN m.is_asked THEN u.message_id END AS message_id, CASE WHEN m.is_asked THEN u.wamid END AS wamid
              FROM unnest(p_phone_number_ids, p_accounts, p_times, p_message_ids, p_wamids) WITH ORDINALITY
                   AS u (phone_number_id, account, at, message_id, wamid, n)
             CROSS JOIN LATERAL (SELECT u.phone_number_id = ANY (v_numbers) OR u.account = ANY (v_accounts) AS is_asked OFFSET 0) m) i
      LEFT JOIN messages sent ON sent.id = ANY (ARRAY[i.message_id]) AND sent.direction = 'outbound'
      LEFT JOIN channels h ON h.id = sent.channel_id AND h.org_id = sent.org_id AND h.phone_number_id = i.number
      LEFT JOIN LATERAL (SELECT sent.id, sent.callback_data WHERE h.id IS NOT NULL) named ON true
      LEFT JOIN LATERAL (
           SELECT m.id, m.org_id, m.channel_id
             FROM channels k JOIN messages m ON m.channel_id = k.id AND m.org_id = k.org_id AND m.wamid = i.wamid
            WHERE h.id IS NULL AND k.phone_number_id = i.number LIMIT 1) known ON true
      LEFT JOIN LATERAL (
           SELECT f.* FROM number_at(i.number, coalesce(i.at, now())) f
            WHERE h.id IS NULL AND known.id IS NULL OFFSET 0) c ON true
      LEFT JOIN LATERAL ( -- (Whose the account alone is, if it is one org's.)
           SELECT (array_agg(DISTINCT k.org_id))[1] AS org_id FROM channels k
            WHERE k.waba_id = i.account AND k.status <> 'disabled' AND h.id IS NULL AND known.id IS NULL AND c.id IS NULL
           HAVING count(DISTINCT k.org_id) = 1) a ON true
      LEFT JOIN event_wishes w ON w.org_id = coalesce(h.org_id, known.org_id, c.org_id, a.org_id) AND w.asked @> '{meta.*}'
     ORDER BY i.n;
END $$;
