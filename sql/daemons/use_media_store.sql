-- use_media_store: what is written in the store that files lie in; p_id, which is written in the caller's, if there has
-- been none before.
CREATE OR REPLACE FUNCTION use_media_store(p_id uuid) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
BEGIN
    INSERT INTO media_store (id) VALUES (p_id) ON CONFLICT DO NOTHING;
    RETURN (SELECT s.id FROM media_store s);
END $$;
