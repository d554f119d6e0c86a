-- forget_media_at_meta: Meta is about to be asked to delete what it has under this id: should that be a file of the org's, it is
-- uploaded anew before it is sent again.
CREATE OR REPLACE FUNCTION forget_media_at_meta(p_org_id uuid, p_meta_id text) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
    DELETE FROM media_at_meta a WHERE a.org_id = p_org_id AND a.meta_id = p_meta_id;
$$;
