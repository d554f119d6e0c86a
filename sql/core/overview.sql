-- The figures of admin_overview.

-- sum_messages: what was sent since p_since, by org, and where it failed by outcome; of today, of this month, and of
-- the last week.
CREATE OR REPLACE FUNCTION sum_messages(p_since timestamptz, p_day timestamptz, p_month timestamptz)
RETURNS SETOF message_sum LANGUAGE sql STABLE AS $$
    SELECT m.org_id, CASE WHEN m.status = 'failed' THEN m.error_code END,
           count(*) FILTER (WHERE m.created_at >= p_day), count(*) FILTER (WHERE m.created_at >= p_month),
           count(*) FILTER (WHERE m.created_at >= p_day AND m.status IN ('sent', 'delivered', 'read')),
           count(*) FILTER (WHERE m.created_at >= p_month AND m.status IN ('sent', 'delivered', 'read')),
           count(*) FILTER (WHERE m.created_at >= p_day AND m.refunded),
           count(*) FILTER (WHERE m.created_at >= p_month AND m.refunded),
           coalesce(sum(m.fee) FILTER (WHERE m.created_at >= p_day AND NOT m.refunded), 0),
           coalesce(sum(m.fee) FILTER (WHERE m.created_at >= p_month AND NOT m.refunded), 0),
           coalesce(sum(m.fee) FILTER (WHERE m.created_at >= now() - interval '7 days' AND NOT m.refunded), 0)
      FROM messages m
     WHERE m.id >= (lpad(to_hex((extract(epoch FROM p_since) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid
       AND m.direction = 'outbound' AND m.origin IS NULL
     GROUP BY 1, 2;
$$;

-- overview_of: these sums of all orgs together, of the day or of the month.
CREATE OR REPLACE FUNCTION overview_of(p_sums message_sum[], p_of text) RETURNS json
LANGUAGE sql STABLE AS $$
    WITH s AS (
        SELECT u.failed_for, CASE p_of WHEN 'day' THEN u.day_count ELSE u.month_count END AS n,
               CASE p_of WHEN 'day' THEN u.day_sent ELSE u.month_sent END AS sent,
               CASE p_of WHEN 'day' THEN u.day_refunded ELSE u.month_refunded END AS refunded,
               CASE p_of WHEN 'day' THEN u.day_fees ELSE u.month_fees END AS fees
          FROM unnest(p_sums) u)
    SELECT json_build_object(
               'accepted', coalesce(sum(s.n), 0), 'sent', coalesce(sum(s.sent), 0),
               'failed', coalesce((SELECT json_object_agg(f.failed_for, f.n ORDER BY f.n DESC, f.failed_for)
                                     FROM (SELECT x.failed_for, sum(x.n) AS n FROM s x
                                            WHERE x.failed_for IS NOT NULL AND x.n > 0 GROUP BY 1) f), '{}'::json),
               'refunded', coalesce(sum(s.refunded), 0), 'fees', money_text(coalesce(sum(s.fees), 0)))
      FROM s;
$$;

-- running_dry: orgs whose balance lasts no three days more at their pace of the last week; who has least time first.
CREATE OR REPLACE FUNCTION running_dry(p_sums message_sum[]) RETURNS json
LANGUAGE sql STABLE AS $$
    SELECT coalesce(json_agg(json_build_object('org_id', d.org_id, 'name', d.name, 'balance', money_text(d.balance),
                                               'days', round(d.days, 1)) ORDER BY d.days, d.org_id), '[]'::json)
      FROM (SELECT o.id AS org_id, o.name, w.balance, 7 * w.balance / u.fees AS days
              FROM (SELECT s.org_id, sum(s.week_fees) AS fees FROM unnest(p_sums) s GROUP BY 1) u
              JOIN organizations o ON o.id = u.org_id AND o.status = 'active'
              JOIN wallets w ON w.org_id = o.id
             WHERE u.fees > 0 AND 7 * w.balance < 3 * u.fees
             ORDER BY days, o.id LIMIT 100) d;
$$;
