-- begin_sealing: a round of sealing begins; what end_sealing is to be told when it has ended.
CREATE OR REPLACE FUNCTION begin_sealing() RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
    SELECT s.asked FROM token_sealing s;
$$;
