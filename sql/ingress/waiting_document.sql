-- waiting_document: how many messages of a channel have not left yet. Counted up to so many: `more` says that there are
-- further ones.
CREATE OR REPLACE FUNCTION waiting_document(p_org_id uuid, p_channel_id uuid) RETURNS json
LANGUAGE sql STABLE SET search_path = tollgate, pg_temp AS $$
    SELECT json_build_object('messages', least(w.n, 1000), 'more', w.n > 1000)
      FROM (SELECT count(*) AS n
              FROM (SELECT FROM outbox o WHERE o.channel_id = p_channel_id AND o.org_id = p_org_id LIMIT 1001) o) w;
$$;
