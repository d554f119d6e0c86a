-- claim_channel_looks: up to p_limit numbers that are to be looked at now, longest due first, for who asks Meta under this
-- id; each once, however many ask. Should nothing come of it (record_channel_looks) they are due again p_lease_s later.
-- None is asked about twice within p_least_s, whatever makes it due. Those of orgs that are suspended, and what is
-- disabled, are put off for p_interval_s.
CREATE OR REPLACE FUNCTION claim_channel_looks(p_look_id uuid, p_limit bigint, p_least_s bigint, p_lease_s bigint,
                                               p_interval_s bigint)
RETURNS TABLE (org_id uuid, channel_id uuid, phone_number_id text, access_token text)
LANGUAGE sql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
    WITH due AS MATERIALIZED (
        SELECT h.org_id, h.channel_id FROM channel_health h
         WHERE h.due_at <= clock_timestamp()
           AND coalesce(h.asked_at <= clock_timestamp() - p_least_s * interval '1 second', true)
         ORDER BY h.due_at LIMIT p_limit FOR UPDATE SKIP LOCKED
    ), asked AS (
        SELECT d.org_id, d.channel_id, c.phone_number_id, c.access_token, c.org_active AND c.status <> 'disabled' AS is_asked
          FROM due d JOIN channels c ON c.org_id = d.org_id AND c.id = d.channel_id
    ), taken AS (
        UPDATE channel_health h
           SET look_id = CASE WHEN a.is_asked THEN p_look_id END,
               asked_at = CASE WHEN a.is_asked THEN clock_timestamp() ELSE h.asked_at END,
               due_at = clock_timestamp() + CASE WHEN a.is_asked THEN p_lease_s ELSE p_interval_s END * interval '1 second'
          FROM asked a WHERE h.org_id = a.org_id AND h.channel_id = a.channel_id
    )
    SELECT a.org_id, a.channel_id, a.phone_number_id, a.access_token FROM asked a WHERE a.is_asked;
$$;
