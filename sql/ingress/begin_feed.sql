-- begin_feed: the org reads its feed: from now on its events are written.
CREATE OR REPLACE FUNCTION begin_feed(p_org_id uuid) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM event_wishes w WHERE w.org_id = p_org_id AND w.feed_since IS NOT NULL) THEN
        INSERT INTO event_wishes AS w (org_id, feed_since) VALUES (p_org_id, now())
        ON CONFLICT (org_id) DO UPDATE SET feed_since = coalesce(w.feed_since, excluded.feed_since);
    END IF;
END $$;
