-- source_of_contacts: where list_contacts looks, as SQL: the first of p_meant (contacts_meant), or (NULL) the contacts that
-- have that term (rarest_of; NULL: all), behind that cursor, in the order of one index. id: the contact; term: by which word
-- it is found there, in the order of these; NULL: by none, the newest first.
CREATE OR REPLACE FUNCTION source_of_contacts(p_org_id uuid, p_meant bigint[], p_term text, p_before bigint, p_word text)
RETURNS text LANGUAGE plpgsql STABLE SET search_path = tollgate, pg_temp AS $$
DECLARE
    c_newest CONSTANT text := 'SELECT DISTINCT %1$s AS id, NULL::text AS term FROM %2$s WHERE org_id = %3$L AND %4$s '
                              'AND %1$s < %5$L ORDER BY %1$s DESC';
    v_before CONSTANT bigint := coalesce(p_before, 9223372036854775807);
BEGIN
    IF p_meant IS NOT NULL THEN
        RETURN format(c_newest, 'id', 'contacts', p_org_id, format('id = %L', p_meant[1]), v_before);
    ELSIF p_term IS NULL THEN
        RETURN format(c_newest, 'id', 'contacts', p_org_id, 'true', v_before);
    ELSIF p_term = 'o:' THEN
        RETURN format(c_newest, 'contact_id', 'conversations', p_org_id, 'opted_out_at IS NOT NULL', v_before);
    ELSIF NOT p_term ^@ 'n:' THEN
        RETURN format(c_newest, 'contact_id', 'contact_terms', p_org_id, format('term = %L', p_term), v_before);
    END IF;
    RETURN format('SELECT contact_id AS id, term FROM contact_terms WHERE org_id = %L '
                  'AND (term, contact_id) > (%L, %L::bigint) AND term <= %L ORDER BY term, contact_id', p_org_id,
                  coalesce('n:' || p_word, p_term), coalesce(p_before, 0), last_term_of(p_term));
END $$;
