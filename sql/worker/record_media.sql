-- record_media: what came of fetching files under this claim, each: kept (the file lies in the store under its name),
-- failed (it will not be fetched), again (it is tried later, p_after_s from now at the least, as long as Meta still may
-- have it), or back (nothing was tried). Says of each, in order, whether its file is wanted: what was dropped meanwhile,
-- and what has failed, is not, and the caller removes what it has put there. What another claim has now is let alone.
CREATE OR REPLACE FUNCTION record_media(
    p_claim_id uuid, p_org_ids uuid[], p_ids uuid[], p_outcomes text[], p_sizes bigint[], p_sha256s text[],
    p_said_sha256s text[], p_mime_types text[], p_after_s bigint[], p_error_codes text[], p_error_messages text[]
) RETURNS TABLE (wanted boolean)
LANGUAGE sql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
    WITH item AS MATERIALIZED (
        SELECT i.*, m.state AS former_state, m.claim_id = p_claim_id AS is_mine,
               CASE WHEN i.outcome = 'again' AND clock_timestamp() + i.after_s * interval '1 second'
                         > m.created_at + interval '7 days' THEN 'failed' ELSE i.outcome END AS ends
          FROM unnest(p_org_ids, p_ids, p_outcomes, p_sizes, p_sha256s, p_said_sha256s, p_mime_types, p_after_s,
                      p_error_codes, p_error_messages) WITH ORDINALITY
               AS i (org_id, id, outcome, size, sha256, said_sha256, mime_type, after_s, error_code, error_message, n)
          LEFT JOIN LATERAL (SELECT m.* FROM media m WHERE m.org_id = i.org_id AND m.id = i.id FOR UPDATE) m ON true
    ), recorded AS (
        UPDATE media m
           SET state = CASE i.ends WHEN 'kept' THEN 'kept' WHEN 'failed' THEN 'failed' ELSE 'waiting' END,
               claim_id = NULL, reserved = NULL, attempts = m.attempts - CASE i.ends WHEN 'back' THEN 1 ELSE 0 END,
               size = CASE i.ends WHEN 'kept' THEN i.size ELSE m.size END,
               sha256 = CASE i.ends WHEN 'kept' THEN i.sha256 ELSE m.sha256 END,
               said_sha256 = coalesce(i.said_sha256, m.said_sha256),
               mime_type = coalesce(left(i.mime_type, 255), m.mime_type),
               file = CASE WHEN i.ends IN ('kept', 'failed') THEN media_file(m.org_id, m.id) END,
               kept_at = CASE i.ends WHEN 'kept' THEN clock_timestamp() END,
               error_code = left(i.error_code, 64), error_message = left(i.error_message, 500),
               next_at = clock_timestamp() + CASE i.ends WHEN 'again'
                   THEN greatest(i.after_s * interval '1 second', try_media_after(m.attempts)) ELSE interval '0' END
          FROM item i
         WHERE m.org_id = i.org_id AND m.id = i.id AND i.is_mine AND m.state = 'waiting'
        RETURNING m.org_id, m.id, m.state
    )
    SELECT CASE WHEN r.id IS NOT NULL THEN r.state IN ('kept', 'waiting')
                ELSE coalesce(i.former_state IN ('kept', 'waiting'), false) END
      FROM item i LEFT JOIN recorded r ON r.org_id = i.org_id AND r.id = i.id
     ORDER BY i.n;
$$;
