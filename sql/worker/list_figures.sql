-- list_figures: how much there is of something, for whoever watches the gateway: outbox, unconfirmed, alerts,
-- paused_channels, dead_letters, open_tokens or untold_events. A row for each group.
--
-- It costs little, however much there is: rows are read by an index that holds these alone (of channels, which are few,
-- all), and so many at the most. What is more is not counted.
CREATE OR REPLACE FUNCTION list_figures(p_figure text)
RETURNS TABLE (label text, number bigint, age_s bigint) -- age_s: of the oldest
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
DECLARE
    c_most    CONSTANT integer := 200000;
    c_letters CONSTANT integer := 10000; -- they are long; events are read from their table
BEGIN
    CASE p_figure
    WHEN 'outbox' THEN
        RETURN QUERY
        SELECT o.state, count(*), seconds_since(min(o.queued_at))
          FROM ((SELECT w.state, w.queued_at FROM outbox w WHERE w.look_at IS NOT NULL ORDER BY w.look_at LIMIT c_most)
                UNION ALL
                (SELECT f.state, f.queued_at FROM outbox f WHERE f.look_at IS NULL
                  ORDER BY f.queued_at LIMIT c_most)) o
         GROUP BY o.state;
    WHEN 'unconfirmed' THEN
        RETURN QUERY
        SELECT NULL::text, count(*), seconds_since(min(u.unconfirmed_at))
          FROM (SELECT m.unconfirmed_at FROM messages m WHERE m.unconfirmed_at IS NOT NULL
                 ORDER BY m.unconfirmed_at LIMIT c_most) u;
    WHEN 'alerts' THEN
        RETURN QUERY
        SELECT a.kind, count(*), seconds_since(min(a.raised_at))
          FROM (SELECT o.kind, o.raised_at FROM alerts o WHERE o.resolved_at IS NULL LIMIT c_most) a
         GROUP BY a.kind;
    WHEN 'paused_channels' THEN
        RETURN QUERY
        SELECT p.outcome, count(*), 0::bigint
          FROM (SELECT coalesce(c.paused_for, 'by_hand') AS outcome FROM channels c
                 WHERE c.status = 'paused' LIMIT c_most) p
         GROUP BY p.outcome;
    WHEN 'dead_letters' THEN
        RETURN QUERY
        SELECT d.reason, count(*), seconds_since(min(d.received_at))
          FROM (SELECT l.reason, l.received_at FROM dead_letters l ORDER BY l.id DESC LIMIT c_letters) d
         GROUP BY d.reason ORDER BY count(*) DESC;
    WHEN 'open_tokens' THEN
        RETURN QUERY SELECT NULL::text, count_open_tokens(), 0::bigint;
    WHEN 'untold_events' THEN -- held_back: fan_out_events does not see them yet, as a transaction of before is under way
        RETURN QUERY
        SELECT CASE WHEN u.xact < pg_snapshot_xmin(pg_current_snapshot()) THEN 'due' ELSE 'held_back' END, count(*),
               seconds_since(min(u.created_at))
          FROM fanned_out() f
         CROSS JOIN LATERAL events_in_order(f.xact, f.event_id, pg_snapshot_xmax(pg_current_snapshot()), c_letters) u
         GROUP BY 1;
    END CASE;
END $$;
