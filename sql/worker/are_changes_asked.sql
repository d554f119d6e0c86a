-- are_changes_asked: does any org ask for what Meta posts (an endpoint of format meta)? Asked once for each batch of
-- webhooks, before anything else is done for them.
CREATE OR REPLACE FUNCTION are_changes_asked(OUT asked boolean) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
BEGIN
    asked := EXISTS (SELECT FROM event_wishes w WHERE w.asked @> '{meta.*}');
END $$;
