-- admin_overview: how the house does. Days and months are UTC's. Messages are found by their ids, which tell when they
-- were made.
CREATE OR REPLACE FUNCTION admin_overview() RETURNS json
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
DECLARE
    c_day   CONSTANT timestamptz := date_trunc('day', now(), 'UTC');
    c_month CONSTANT timestamptz := date_trunc('month', now(), 'UTC');
    v_sums  message_sum[] := ARRAY(SELECT s FROM sum_messages(least(c_month, now() - interval '7 days'), c_day, c_month) s);
BEGIN
    RETURN json_build_object(
        'at', time_text(now()),
        'today', overview_of(v_sums, 'day'), 'month', overview_of(v_sums, 'month'),
        'waiting', (SELECT coalesce(json_object_agg(w.state, json_build_object('messages', w.n, 'oldest_s', w.age)), '{}')
                      FROM (SELECT o.state, count(*) AS n,
                                   max(extract(epoch FROM now() - m.created_at))::bigint AS age
                              FROM outbox o JOIN messages m ON m.id = o.message_id AND m.org_id = o.org_id
                             GROUP BY o.state) w),
        'orgs', (SELECT json_object_agg(o.status, o.n)
                   FROM (SELECT status, count(*) AS n FROM organizations GROUP BY status) o),
        'paused_channels', (SELECT coalesce(json_agg(json_build_object(
                                       'org_id', c.org_id, 'channel_id', c.id, 'phone_number_id', c.phone_number_id,
                                       'paused_for', c.paused_for) ORDER BY c.org_id, c.id), '[]')
                              FROM (SELECT * FROM channels WHERE status = 'paused' LIMIT 200) c),
        'campaigns', (SELECT coalesce(json_object_agg(c.state, c.n), '{}')
                        FROM (SELECT state, count(*) AS n FROM campaigns
                               WHERE state IN ('scheduled', 'running', 'paused') GROUP BY state) c),
        'failing_endpoints', (SELECT coalesce(json_agg(json_build_object(
                                         'org_id', p.org_id, 'endpoint_id', p.id, 'url', p.url, 'state', p.state,
                                         'state_why', p.state_why, 'failing_since', time_text(p.failing_since))
                                         ORDER BY p.org_id, p.id), '[]')
                                FROM (SELECT * FROM endpoints
                                       WHERE deleted_at IS NULL
                                         AND (state_why IS NOT NULL OR failing_since IS NOT NULL AND state <> 'disabled')
                                       LIMIT 200) p),
        'open_alerts', (SELECT count(*) FROM alerts WHERE resolved_at IS NULL),
        'dead_letters', (SELECT count(*) FROM dead_letters),
        'running_dry', running_dry(v_sums));
END $$;
