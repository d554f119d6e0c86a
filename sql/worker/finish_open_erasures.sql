-- finish_open_erasures: goes on with erasures that are not finished, of so many orgs (operator/finish_erasures.sql), those
-- first that have waited longest. Returns how many were finished now.
CREATE OR REPLACE FUNCTION finish_open_erasures(p_limit bigint) RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
    SELECT count(*) FILTER (WHERE f.finished)
      FROM (SELECT e.org_id FROM erasures e WHERE e.finished_at IS NULL
             GROUP BY e.org_id ORDER BY min(e.at) LIMIT p_limit) o
     CROSS JOIN LATERAL finish_erasures(o.org_id) f;
$$;
