-- record_account_notices: keeps what is neither a message nor a status that moves one, with its org: that
-- of the number it names, else of the business account, where that is one org's alone. What is delivered
-- again stands here once; p_times (Meta's, Unix seconds; NULL where it gives none) tells it from the like. What follows
-- from it is follow_notices' to do.
CREATE OR REPLACE FUNCTION record_account_notices(
    p_phone_number_ids text[], p_waba_ids text[], p_times bigint[], p_fields text[],
    p_values text[],                -- JSON
    p_events text[] DEFAULT NULL    -- Meta's word for what happened; NULL: none
) RETURNS integer LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
DECLARE
    v_recorded integer;
BEGIN
    INSERT INTO account_notices (org_id, waba_id, phone_number_id, field, event, value, told_at, matter,
                                 number, pending, digest)
    SELECT coalesce(c.org_id, w.org_id), i.waba_id, i.phone_number_id, i.field, i.event, i.value::json,
           least(to_timestamp(nullif(i.at, 0)), now()), s.matter, s.number,
           s.matter IS NOT NULL OR is_of_template(i.value::json)
           OR EXISTS (SELECT FROM facts_in_notice(i.field, i.event, i.value::json)),
           sha256(convert_to(concat_ws(E'\x01', coalesce(i.phone_number_id, ''), coalesce(i.waba_id, ''),
                                       coalesce(i.at, 0), i.field, i.value), 'UTF8'))
      FROM unnest(p_phone_number_ids, p_waba_ids, p_times, p_fields, p_values, p_events) WITH ORDINALITY
           AS i (phone_number_id, waba_id, at, field, value, event, n)
      LEFT JOIN LATERAL number_at(i.phone_number_id, coalesce(to_timestamp(i.at), now())) c ON true
      LEFT JOIN LATERAL (
           SELECT (array_agg(DISTINCT k.org_id))[1] AS org_id FROM channels k
            WHERE k.waba_id = i.waba_id AND k.status <> 'disabled' AND c.id IS NULL
           HAVING count(DISTINCT k.org_id) = 1) w ON true
      LEFT JOIN LATERAL notice_says(i.field, i.event, i.value::json) s ON true
     ORDER BY i.n
    ON CONFLICT (digest) DO NOTHING;
    GET DIAGNOSTICS v_recorded = ROW_COUNT;
    RETURN v_recorded;
END $$;
