-- reserve_media: whoever fetches a file under this claim has heard from Meta how many bytes it has (p_size; 0: it was not said), and is
-- about to take them. Returns how many may come, which nobody else gets then: 0, if the org has no room for all of it, or the
-- claim counts no more. (The file's row is locked before its org's room, as by all who give up files.)
CREATE OR REPLACE FUNCTION reserve_media(p_claim_id uuid, p_org_id uuid, p_id uuid, p_size bigint) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
DECLARE
    v_reserved bigint;
BEGIN
    PERFORM FROM media m WHERE m.org_id = p_org_id AND m.id = p_id FOR NO KEY UPDATE;
    PERFORM lock_media_room(p_org_id);
    UPDATE media m SET reserved = w.bytes
      FROM organizations o
     CROSS JOIN LATERAL (SELECT media_room(o)) r (room)
     CROSS JOIN LATERAL (SELECT CASE WHEN p_size > 0 THEN p_size ELSE least(o.keep_media_max_bytes, r.room) END) w (bytes)
     WHERE o.id = p_org_id AND m.org_id = o.id AND m.id = p_id AND m.claim_id = p_claim_id
       AND w.bytes BETWEEN 1 AND r.room + coalesce(m.reserved, 0)
    RETURNING m.reserved INTO v_reserved;
    RETURN coalesce(v_reserved, 0);
END $$;
