-- candidates_of: where list_contacts looks for what p_find describes: up to p_limit contacts behind that cursor, in the
-- order of one index. term: by which it was found there; null: by none.
CREATE OR REPLACE FUNCTION candidates_of(p_org_id uuid, p_find json, p_words text[], p_before bigint, p_word text,
                                         p_limit bigint)
RETURNS TABLE (n bigint, id bigint, term text)
LANGUAGE plpgsql SET search_path = tollgate, pg_temp AS $$
#variable_conflict use_column
DECLARE
    v_before CONSTANT bigint := coalesce(p_before, 9223372036854775807);
    v_meant  CONSTANT bigint[] := contacts_meant(p_org_id, p_find);
    v_word   CONSTANT text := 'n:' || (SELECT w FROM unnest(p_words) w ORDER BY length(w) DESC LIMIT 1);
BEGIN
    IF v_meant IS NOT NULL THEN
        RETURN QUERY SELECT 1::bigint, v_meant[1], NULL::text WHERE v_meant[1] < v_before;
    ELSIF p_find ->> 'tag' IS NOT NULL THEN
        RETURN QUERY SELECT row_number() OVER (), l.* FROM (
            SELECT t.contact_id, NULL::text FROM contact_terms t
             WHERE t.org_id = p_org_id AND t.term = 't:' || (p_find ->> 'tag') AND t.contact_id < v_before
             ORDER BY t.contact_id DESC LIMIT p_limit) l;
    ELSIF (p_find ->> 'opted_out')::boolean THEN
        RETURN QUERY SELECT row_number() OVER (), l.* FROM (
            SELECT DISTINCT v.contact_id, NULL::text FROM conversations v
             WHERE v.org_id = p_org_id AND v.opted_out_at IS NOT NULL AND v.contact_id < v_before
             ORDER BY v.contact_id DESC LIMIT p_limit) l;
    ELSIF v_word IS NOT NULL THEN
        RETURN QUERY SELECT row_number() OVER (), l.* FROM (
            SELECT t.contact_id, t.term FROM contact_terms t
             WHERE t.org_id = p_org_id AND (t.term, t.contact_id) > (coalesce('n:' || p_word, v_word), coalesce(p_before, 0))
               AND t.term >= v_word AND t.term < v_word || chr(1114111)
             ORDER BY t.term, t.contact_id LIMIT p_limit) l;
    ELSE
        RETURN QUERY SELECT row_number() OVER (), l.* FROM (
            SELECT c.id, NULL::text FROM contacts c
             WHERE c.org_id = p_org_id AND c.id < v_before ORDER BY c.id DESC LIMIT p_limit) l;
    END IF;
END $$;
