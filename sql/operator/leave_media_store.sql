-- leave_media_store: files are to lie elsewhere from now on: the first daemon that starts says where. Those that lie
-- where they did are to be copied there before; what is not is told as failed by the first look for it.
CREATE OR REPLACE FUNCTION leave_media_store() RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
    DELETE FROM media_store;
$$;
