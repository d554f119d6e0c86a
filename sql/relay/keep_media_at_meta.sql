-- keep_media_at_meta: Meta has the org's file for this channel's number, under this id, from about now on. (One that is kept
-- no longer meanwhile is not remembered.)
CREATE OR REPLACE FUNCTION keep_media_at_meta(p_org_id uuid, p_id uuid, p_channel_id uuid, p_phone_number_id text,
                                              p_meta_id text) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
    INSERT INTO media_at_meta (org_id, media_id, channel_id, phone_number_id, meta_id)
    SELECT m.org_id, m.id, p_channel_id, p_phone_number_id, p_meta_id
      FROM media m WHERE m.org_id = p_org_id AND m.id = p_id AND m.state = 'kept' FOR SHARE
    ON CONFLICT (org_id, media_id, channel_id) DO UPDATE
        SET phone_number_id = excluded.phone_number_id, meta_id = excluded.meta_id, uploaded_at = excluded.uploaded_at;
$$;
