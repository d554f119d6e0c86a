-- is_other_batch: has the org sent several messages with this key, under which each has its own ("KEY:0", "KEY:1", ...), in
-- another body? Two that come at once are told by accept_sends, message by message.
CREATE OR REPLACE FUNCTION is_other_batch(p_org_id uuid, p_key text, p_body_hash bytea)
RETURNS TABLE (is_other boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
    SELECT EXISTS (SELECT FROM idempotency_keys k
                    WHERE k.org_id = p_org_id AND k.body_hash <> p_body_hash
                      AND k.key = ANY (ARRAY(SELECT p_key || ':' || i FROM generate_series(0, 999) i)));
$$;
