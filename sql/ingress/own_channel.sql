-- own_channel: a channel as its org sees it: nothing of its token. With the caller's rights, after read_for.
CREATE OR REPLACE FUNCTION own_channel(p_org_id uuid, p_id uuid) RETURNS json
LANGUAGE sql STABLE SET search_path = tollgate, pg_temp AS $$
    SELECT row_to_json(d) FROM (
        SELECT c.id, c.phone_number_id,
               coalesce(c.display_phone_number,
                        (SELECT f.value #>> '{}' FROM channel_facts f
                          WHERE f.org_id = c.org_id AND f.channel_id = c.id AND f.fact = 'display_phone_number'))
                   AS display_phone_number,
               c.waba_id, c.status, c.paused_for, time_text(h.paused_at) AS paused_at,
               money_text(c.service_fee_per_msg) AS service_fee_per_msg, c.max_mps,
               waiting_document(c.org_id, c.id) AS waiting, health_document(c.org_id, c.id) AS health,
               time_text(c.created_at) AS created_at
          FROM channels c
          LEFT JOIN channel_health h ON h.org_id = c.org_id AND h.channel_id = c.id
         WHERE c.org_id = p_org_id AND c.id = p_id) d;
$$;
