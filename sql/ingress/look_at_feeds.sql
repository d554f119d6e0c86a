-- look_at_feeds: of each of those who wait for events of an org, whether there is one for them; and how far was looked. Their
-- cursors and types are such as list_events has taken. Types, channels: NULL or '': any.
CREATE OR REPLACE FUNCTION look_at_feeds(p_org_ids uuid[], p_afters text[], p_types text[], p_channel_ids uuid[])
RETURNS TABLE (has_news boolean, next_after text) -- a row per item, in order
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
BEGIN
    RETURN QUERY
    SELECT l.news IS NOT NULL, event_cursor(l.until_xact, l.until_id)
      FROM unnest(p_org_ids, p_afters, p_types, p_channel_ids) WITH ORDINALITY AS i (org_id, after, types, channel_id, n)
     CROSS JOIN LATERAL event_place(i.after) p
     CROSS JOIN LATERAL look_at_feed(i.org_id, p.xact, p.id, string_to_array(nullif(i.types, ''), ','), i.channel_id, 1) l
     ORDER BY i.n;
END $$;
