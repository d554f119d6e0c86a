-- How far a campaign is: counted from its messages when somebody asks, and by nobody else.

-- count_campaign: its recipients by what became of them: `waiting` to become messages; `dropped`, when it ended before
-- that; `refused`, when their turn came; and messages by their status. `errors` has the most frequent codes.
CREATE OR REPLACE FUNCTION count_campaign(p_campaign campaigns) RETURNS json
LANGUAGE sql STABLE AS $$
    WITH state AS MATERIALIZED (
        SELECT coalesce(o.state, m.status) AS status, m.error_code
          FROM campaign_messages k
          JOIN messages m ON m.id = k.message_id AND m.org_id = k.org_id
          LEFT JOIN outbox o ON m.status = 'queued' AND o.message_id = k.message_id AND o.org_id = k.org_id
         WHERE k.org_id = (p_campaign).org_id AND k.campaign_id = (p_campaign).id
    ), refused AS MATERIALIZED (
        SELECT r.refused_for AS code, count(*) AS n FROM campaign_recipients r
         WHERE r.org_id = (p_campaign).org_id AND r.campaign_id = (p_campaign).id AND r.refused_for IS NOT NULL
         GROUP BY 1
    ), error AS (
        SELECT s.error_code AS code, count(*) AS n FROM state s WHERE s.status IN ('failed', 'unconfirmed') GROUP BY 1
        UNION ALL SELECT r.code, r.n FROM refused r
    )
    SELECT json_build_object(
               'waiting', CASE WHEN (p_campaign).ended_at IS NULL THEN (p_campaign).recipients - p.passed ELSE 0 END,
               'dropped', CASE WHEN (p_campaign).ended_at IS NULL THEN 0 ELSE (p_campaign).recipients - p.passed END,
               'refused', p.passed - p.accepted, 'scheduled', s.scheduled, 'held', s.held, 'queued', s.queued,
               'sending', s.sending, 'sent', s.sent, 'unconfirmed', s.unconfirmed, 'failed', s.failed,
               'delivered', s.delivered, 'read', s.read,
               'errors', (SELECT coalesce(json_agg(json_build_object('code', e.code, 'recipients', e.n)
                                                   ORDER BY e.n DESC, e.code), '[]')
                            FROM (SELECT e.code, sum(e.n) AS n FROM error e GROUP BY 1
                                   ORDER BY 2 DESC, 1 LIMIT 20) e))
      FROM (SELECT coalesce(l.passed, 0) AS passed, coalesce(l.accepted, 0) AS accepted
              FROM (SELECT 1) o LEFT JOIN LATERAL last_piece((p_campaign).org_id, (p_campaign).id) l ON true) p,
           (SELECT count(*) FILTER (WHERE t.status = 'scheduled') AS scheduled,
                   count(*) FILTER (WHERE t.status = 'held') AS held,
                   count(*) FILTER (WHERE t.status = 'queued') AS queued,
                   count(*) FILTER (WHERE t.status = 'sending') AS sending,
                   count(*) FILTER (WHERE t.status = 'sent') AS sent,
                   count(*) FILTER (WHERE t.status = 'unconfirmed') AS unconfirmed,
                   count(*) FILTER (WHERE t.status = 'failed') AS failed,
                   count(*) FILTER (WHERE t.status = 'delivered') AS delivered,
                   count(*) FILTER (WHERE t.status = 'read') AS read FROM state t) s;
$$;

-- progress_of: the same with its time. What was counted lately counts still, so that to ask again and again costs no more
-- than a twentieth of the time.
CREATE OR REPLACE FUNCTION progress_of(p_campaign campaigns) RETURNS json
LANGUAGE plpgsql AS $$
DECLARE
    v_began    timestamptz := clock_timestamp();
    v_progress jsonb;
BEGIN
    IF v_began BETWEEN p_campaign.progress_at AND p_campaign.progress_at + 20 * p_campaign.progress_took THEN
        RETURN p_campaign.progress;
    END IF;
    v_progress := count_campaign(p_campaign)::jsonb || jsonb_build_object('as_of', time_text(v_began));
    UPDATE campaigns c
       SET progress = v_progress, progress_at = v_began, progress_took = clock_timestamp() - v_began
     WHERE c.org_id = p_campaign.org_id AND c.id = ANY (ARRAY(
               SELECT l.id FROM campaigns l WHERE l.org_id = p_campaign.org_id AND l.id = p_campaign.id
                  FOR NO KEY UPDATE SKIP LOCKED));
    RETURN v_progress;
END $$;
