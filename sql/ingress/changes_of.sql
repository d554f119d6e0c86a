-- changes_of: what was said of a message later by who wrote it: when it was edited and taken back, if it was, and its
-- newest text.
CREATE OR REPLACE FUNCTION changes_of(p_org_id uuid, p_channel_id uuid, p_wamid text, p_direction text)
RETURNS TABLE (edited_at timestamptz, revoked_at timestamptz, text text) LANGUAGE sql STABLE AS $$
    SELECT max(e.sent_at) FILTER (WHERE e.type = 'edit'), min(e.sent_at) FILTER (WHERE e.type = 'revoke'),
           (array_agg(e.text ORDER BY e.sent_at DESC, e.id DESC) FILTER (WHERE e.type = 'edit'))[1]
      FROM message_changes x JOIN messages e ON e.id = ANY (ARRAY[x.message_id]) AND e.org_id = x.org_id
     WHERE x.org_id = p_org_id AND x.channel_id = p_channel_id AND x.wamid = p_wamid AND e.direction = p_direction;
$$;
