-- claim_media: up to p_limit files that are to be fetched now, for the worker of this claim, and of one org no more than
-- p_per_org, with those that others fetch: orgs take turns, by what has waited longest. Should nothing come of it
-- (record_media) they are due again p_lease_s later. The channel's token as it stands; and how many bytes the org has room for, which
-- are whoever's reserves them first (reserve_media). What cannot be fetched now, as its channel is disabled, its org suspended or that
-- room used up (quota), is put off for an hour, and given up when Meta has forgotten it.
--
-- One claims at a time: else two could give an org more than it may have.
CREATE OR REPLACE FUNCTION claim_media(p_claim_id uuid, p_limit bigint, p_per_org bigint, p_lease_s bigint)
RETURNS TABLE (org_id uuid, id uuid, channel_id uuid, phone_number_id text, access_token text, meta_id text,
               max_bytes bigint, attempts bigint, room bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
#variable_conflict use_column
BEGIN
    PERFORM FROM media_store s FOR UPDATE;
    RETURN QUERY
    WITH RECURSIVE head AS (
        (SELECT m.org_id, m.next_at FROM media m WHERE m.state = 'waiting' ORDER BY m.org_id, m.next_at LIMIT 1)
        UNION ALL
        SELECT n.org_id, n.next_at FROM head h CROSS JOIN LATERAL (
               SELECT m.org_id, m.next_at FROM media m WHERE m.state = 'waiting' AND m.org_id > h.org_id
                ORDER BY m.org_id, m.next_at LIMIT 1) n
    ), org AS (
        SELECT h.org_id, h.next_at,
               p_per_org - (SELECT count(*) FROM media m WHERE m.org_id = h.org_id AND m.claim_id IS NOT NULL
                               AND m.next_at > clock_timestamp()) AS room
          FROM head h WHERE h.next_at <= clock_timestamp()
    ), due AS MATERIALIZED (
        SELECT d.* FROM org g CROSS JOIN LATERAL (
               SELECT m.org_id, m.id, row_number() OVER (ORDER BY m.next_at) AS turn, m.next_at
                 FROM media m WHERE m.state = 'waiting' AND m.org_id = g.org_id AND m.next_at <= clock_timestamp()
                ORDER BY m.next_at LIMIT greatest(g.room, 0)) d
         ORDER BY d.turn, d.next_at LIMIT p_limit
    ), judged AS (
        SELECT m.org_id, m.id, c.phone_number_id, c.access_token, o.keep_media_max_bytes, r.room, r.room <= 0 AS is_full,
               c.org_active AND c.status <> 'disabled' AND r.room > 0 AS is_asked, m.created_at < now() - interval '7 days' AS is_over
          FROM due d JOIN media m ON m.org_id = d.org_id AND m.id = d.id
          JOIN channels c ON c.org_id = m.org_id AND c.id = m.channel_id
          JOIN organizations o ON o.id = m.org_id
         CROSS JOIN LATERAL (SELECT media_room(o)) r (room)
         ORDER BY m.org_id, m.id FOR UPDATE OF m
    ), taken AS (
        UPDATE media m
           SET state = CASE WHEN j.is_over THEN 'failed' ELSE m.state END,
               error_code = CASE WHEN j.is_over THEN coalesce(m.error_code, 'gone_at_meta') WHEN j.is_full THEN 'quota'
                                 ELSE m.error_code END,
               error_message = CASE WHEN j.is_full AND NOT j.is_over THEN 'The org keeps as many bytes of files as it may'
                                    ELSE m.error_message END,
               reserved = NULL, claim_id = CASE WHEN j.is_asked AND NOT j.is_over THEN p_claim_id END,
               attempts = m.attempts + CASE WHEN j.is_asked AND NOT j.is_over THEN 1 ELSE 0 END,
               file = CASE WHEN j.is_over AND m.attempts > 0 THEN media_file(m.org_id, m.id) END,
               next_at = clock_timestamp() + CASE WHEN j.is_over THEN interval '0' WHEN j.is_asked
                                                  THEN p_lease_s * interval '1 second' ELSE interval '1 hour' END
          FROM judged j WHERE m.org_id = j.org_id AND m.id = j.id
        RETURNING m.org_id, m.id, m.channel_id, j.phone_number_id, j.access_token, m.meta_id, j.keep_media_max_bytes,
                  m.attempts::bigint, m.claim_id, j.room
    )
    SELECT t.org_id, t.id, t.channel_id, t.phone_number_id, t.access_token, t.meta_id, t.keep_media_max_bytes, t.attempts,
           t.room
      FROM taken t WHERE t.claim_id IS NOT NULL;
END $$;
