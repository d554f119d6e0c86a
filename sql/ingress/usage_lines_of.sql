-- usage_lines_of: what of the org's daily figures is about channels, or about those that are named: a list with a line for
-- each day and channel, the newest day first.
DROP FUNCTION IF EXISTS usage_lines_of(uuid, date, date, uuid);
CREATE OR REPLACE FUNCTION usage_lines_of(p_org_id uuid, p_since date, p_until date, p_channel_ids uuid[]) RETURNS json
LANGUAGE sql STABLE SET search_path = tollgate, pg_temp AS $$
    WITH asked AS MATERIALIZED (
        SELECT s.day::date AS day FROM generate_series(p_since, p_until - 1, interval '1 day') s (day)
    ), counted AS (
        SELECT u.day, u.channel_id, sum(u.accepted) AS accepted, sum(u.sent) AS sent, sum(u.delivered) AS delivered,
               sum(u.read) AS read, sum(u.failed) AS failed, sum(u.refunded) AS refunded, sum(u.received) AS received,
               sum(u.auto_replies) AS auto_replies,
               json_agg(json_build_object('category', u.category, 'accepted', u.accepted, 'sent', u.sent,
                                          'delivered', u.delivered, 'read', u.read, 'failed', u.failed)
                        ORDER BY u.category) FILTER (WHERE u.category <> '') AS categories
          FROM asked a JOIN usage_messages u ON u.day = a.day AND u.org_id = p_org_id
         WHERE p_channel_ids IS NULL OR u.channel_id = ANY (p_channel_ids)
         GROUP BY u.day, u.channel_id
    ), booked AS (
        SELECT u.day, u.channel_id, coalesce(-sum(u.amount) FILTER (WHERE u.kind <> 'refund'), 0) AS charged,
               coalesce(sum(u.amount) FILTER (WHERE u.kind = 'refund'), 0) AS given_back
          FROM asked a JOIN usage_money u ON u.day = a.day AND u.org_id = p_org_id
         WHERE u.channel_id IS NOT NULL AND (p_channel_ids IS NULL OR u.channel_id = ANY (p_channel_ids))
         GROUP BY u.day, u.channel_id
    )
    SELECT coalesce(json_agg(json_build_object(
               'day', l.day, 'channel_id', l.channel_id, 'phone_number_id', h.phone_number_id,
               'accepted', coalesce(l.accepted, 0), 'sent', coalesce(l.sent, 0), 'delivered', coalesce(l.delivered, 0),
               'read', coalesce(l.read, 0), 'failed', coalesce(l.failed, 0), 'refunded', coalesce(l.refunded, 0),
               'received', coalesce(l.received, 0), 'auto_replies', coalesce(l.auto_replies, 0),
               'fees_charged', money_text(coalesce(l.charged, 0)), 'fees_refunded', money_text(coalesce(l.given_back, 0)),
               'fees_net', money_text(coalesce(l.charged - l.given_back, 0)),
               'categories', coalesce(l.categories, '[]'::json), 'counted_at', time_text(d.counted_at))
               ORDER BY l.day DESC, l.channel_id), '[]'::json)
      FROM (SELECT * FROM counted c FULL JOIN booked b USING (day, channel_id)) l
      JOIN channels h ON h.org_id = p_org_id AND h.id = l.channel_id
      LEFT JOIN usage_days d ON d.day = l.day;
$$;
