-- list_due_campaigns: those that have something to be done now (pass_campaign), whoever has waited longest first: a piece,
-- where the channel sends and bulk does not wait for its slots for more than a second; a send_at or a not_after that has
-- come; a channel that is no more.
CREATE OR REPLACE FUNCTION list_due_campaigns(p_limit bigint) RETURNS TABLE (org_id uuid, campaign_id uuid)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
#variable_conflict use_column
DECLARE
    v_now timestamptz := clock_timestamp();
BEGIN
    RETURN QUERY
    SELECT d.org_id, d.id
      FROM (SELECT c.org_id, c.id, coalesce(least(l.next_at, v_now + interval '1 hour'), c.started_at) AS next_at,
                   c.not_after <= v_now OR c.state = 'scheduled' AND c.send_at <= v_now AS is_over,
                   c.state = 'running' AND h.status = 'disabled' AS is_lost,
                   c.state = 'running' AND h.sends AND coalesce(l.next_at, v_now) <= v_now
                   AND seconds_until(p.bulk_free_at, p.written_at, v_now) <= 1 AS may_go
              FROM campaigns c
              JOIN channels h ON h.org_id = c.org_id AND h.id = c.channel_id
             CROSS JOIN LATERAL pace_of(c.org_id, c.channel_id) p
              LEFT JOIN LATERAL last_piece(c.org_id, c.id) l ON true
             WHERE c.state IN ('scheduled', 'running', 'paused')) d
     WHERE d.is_over OR d.is_lost OR d.may_go
     ORDER BY d.next_at NULLS FIRST, d.id LIMIT p_limit;
END $$;
