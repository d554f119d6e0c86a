-- admin_list_channels: the org's channels, newest first, also those that are disabled.
CREATE OR REPLACE FUNCTION admin_list_channels(p_org_id uuid, p_before_id uuid, p_limit bigint) RETURNS json
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
    SELECT page_of('channels', p_limit, array_agg(channel_document(p.channel) ORDER BY p.place)
                                               FILTER (WHERE p.place IS NOT NULL),
                   array_agg(to_json((p.channel).id) ORDER BY p.place))
      FROM org_named(p_org_id) o
      LEFT JOIN LATERAL (
           SELECT c AS channel, row_number() OVER (ORDER BY c.created_at DESC, c.id DESC) AS place FROM channels c
            WHERE c.org_id = o.id
              AND (p_before_id IS NULL
                   OR (c.created_at, c.id) < (SELECT b.created_at, b.id FROM channels b
                                               WHERE b.org_id = o.id AND b.id = p_before_id))
            ORDER BY c.created_at DESC, c.id DESC LIMIT p_limit + 1) p ON true;
$$;
