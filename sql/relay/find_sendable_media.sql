-- find_sendable_media: what it takes to send the org's file of this id, over the channel that a send means which names it so
-- (find_channel), until p_until (Unix milliseconds; NULL: for a day): Meta's id of it, if Meta has it for that channel's number
-- for so long; else where it lies, and the channel's token as it stands. `verdict` is accepted, or what accept_sends would say of
-- such a channel; Without `is_found` the org has no such file.
CREATE OR REPLACE FUNCTION find_sendable_media(p_org_id uuid, p_id uuid, p_channel_id uuid, p_phone_number_id text,
                                               p_until bigint)
RETURNS TABLE (verdict text, channel_id uuid, phone_number_id text, access_token text, is_found boolean, state text,
               mime_type text, size bigint, file text, meta_id text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
    SELECT v.verdict, c.id, c.phone_number_id,
           CASE WHEN v.verdict = 'accepted' AND m.state = 'kept' AND a.meta_id IS NULL THEN c.access_token END,
           m.id IS NOT NULL, m.state, m.mime_type, m.size, m.file, a.meta_id
      FROM organizations o
      LEFT JOIN LATERAL find_channel(o.id, p_channel_id, p_phone_number_id, o.default_channel_id) c ON true
      LEFT JOIN media m ON m.org_id = o.id AND m.id = p_id
      LEFT JOIN media_at_meta a ON a.org_id = o.id AND a.media_id = m.id AND a.channel_id = c.id
                               AND a.phone_number_id = c.phone_number_id AND m.state = 'kept'
                               AND a.uploaded_at > coalesce(to_timestamp(p_until / 1000.0), now() + interval '1 day')
                                                   - media_at_meta_for()
     CROSS JOIN LATERAL (SELECT CASE WHEN o.status <> 'active' THEN 'org_suspended' WHEN c.id IS NULL THEN 'no_channel'
                                     WHEN c.status <> 'active' THEN 'channel_paused' ELSE 'accepted' END) v (verdict)
     WHERE o.id = p_org_id;
$$;
