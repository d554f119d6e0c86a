-- media_document: a file as its org sees it.
CREATE OR REPLACE FUNCTION media_document(p_media media) RETURNS json
LANGUAGE sql STABLE AS $$
    SELECT json_build_object(
        'id', (p_media).id, 'channel_id', (p_media).channel_id, 'message_id', (p_media).message_id,
        'state', (p_media).state, 'mime_type', (p_media).mime_type, 'filename', (p_media).filename,
        'size', (p_media).size, 'sha256', (p_media).sha256,
        'error', CASE WHEN (p_media).error_code IS NOT NULL
                      THEN json_build_object('code', (p_media).error_code, 'message', (p_media).error_message) END,
        'next_try_at', CASE WHEN (p_media).state = 'waiting' THEN time_text((p_media).next_at) END,
        'created_at', time_text((p_media).created_at), 'kept_at', time_text((p_media).kept_at));
$$;
