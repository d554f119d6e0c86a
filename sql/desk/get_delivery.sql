-- get_delivery: one delivery, with its attempts.
CREATE OR REPLACE FUNCTION get_delivery(p_org_id uuid, p_id uuid, p_event text) RETURNS json
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
    SELECT delivery_document(delivery_named(p_org_id, p_id, p_event));
$$;
