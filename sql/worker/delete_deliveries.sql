-- delete_deliveries: deliveries, with their attempts, of events from before that many seconds, up to p_limit. Returns how
-- many went.
CREATE OR REPLACE FUNCTION delete_deliveries(p_age_s bigint, p_limit bigint) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
DECLARE
    c_end CONSTANT uuid := first_id_of(now() - make_interval(secs => p_age_s));
    v_gone         record;
BEGIN
    WITH old AS MATERIALIZED (
        SELECT d.org_id, d.endpoint_id, d.event_id
          FROM endpoints p
         CROSS JOIN LATERAL (SELECT d.* FROM deliveries d
                              WHERE d.org_id = p.org_id AND d.endpoint_id = p.id AND d.event_id < c_end
                              ORDER BY d.event_id LIMIT p_limit) d
         LIMIT p_limit
    ), attempts_gone AS (
        DELETE FROM delivery_attempts a USING old o
         WHERE a.org_id = o.org_id AND a.endpoint_id = o.endpoint_id AND a.event_id = o.event_id
    ), gone AS (
        DELETE FROM deliveries d USING old o
         WHERE d.org_id = o.org_id AND d.endpoint_id = o.endpoint_id AND d.event_id = o.event_id RETURNING 1
    )
    SELECT count(*) AS n INTO v_gone FROM gone;
    RETURN v_gone.n;
END $$;
