-- get_usage: what the org used in a period, by day and channel: p_find has since and until, days by UTC, and channel (its
-- id or its number's; channel_id is the same by its id alone).
-- With the caller's rights, as get_message.
CREATE OR REPLACE FUNCTION get_usage(p_org_id uuid, p_find json) RETURNS json
LANGUAGE plpgsql SET search_path = tollgate, pg_temp AS $$
DECLARE
    c_days_max CONSTANT integer := 92;
    v_channels uuid[];
    v_until   date := coalesce((p_find ->> 'until')::date, (now() AT TIME ZONE 'UTC')::date + 1);
    v_since   date := coalesce((p_find ->> 'since')::date, v_until - 30);
BEGIN
    PERFORM read_for(p_org_id);
    IF v_until <= v_since THEN
        PERFORM refuse('invalid_field', 'until', 'until must be later than since');
    ELSIF v_until - v_since > c_days_max THEN
        PERFORM refuse('invalid_field', 'since', format('The period must have at most %s days', c_days_max));
    ELSIF p_find ->> 'channel' IS NOT NULL THEN
        v_channels := channels_named(p_org_id, p_find ->> 'channel');
    END IF;
    IF p_find ->> 'channel_id' IS NOT NULL THEN
        v_channels := ARRAY(SELECT c.id FROM channels c
                             WHERE c.org_id = p_org_id AND c.id = (p_find ->> 'channel_id')::uuid
                               AND (v_channels IS NULL OR c.id = ANY (v_channels)));
        IF v_channels = '{}' THEN
            PERFORM refuse('channel_not_found', 'channel_id', 'The org has no such channel');
        END IF;
    END IF;
    RETURN json_build_object(
        'since', v_since, 'until', v_until,
        'as_of', (SELECT time_text(CASE WHEN bool_and(d.counted_at IS NOT NULL)
                                        THEN least(w.as_of, (array_agg(d.counted_at ORDER BY d.day DESC))[1]) END)
                    FROM usage_walk w
                    LEFT JOIN usage_days d ON d.day >= v_since AND d.day < v_until
                   WHERE w.as_of IS NOT NULL GROUP BY w.as_of),
        'usage', usage_lines_of(p_org_id, v_since, v_until, v_channels),
        'other_bookings',
        (SELECT coalesce(json_agg(json_build_object('day', u.day, 'kind', u.kind, 'amount', money_text(u.amount))
                                  ORDER BY u.day DESC, u.kind), '[]')
           FROM generate_series(v_since, v_until - 1, interval '1 day') d (day)
           JOIN usage_money u ON u.day = d.day::date AND u.org_id = p_org_id AND u.channel_id IS NULL
          WHERE v_channels IS NULL));
END $$;
