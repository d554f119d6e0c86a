-- rarest_of: that of these terms, as in contact_terms, which the fewest contacts have (counted as far as rows_looked_at); of
-- as many the first one. n: and a word has who has a word that begins so; o: is who has opted out. NULL: there is none.
CREATE OR REPLACE FUNCTION rarest_of(p_org_id uuid, p_terms text[]) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = tollgate, pg_temp AS $$
DECLARE
    v_rarest text := p_terms[1];
    v_fewest bigint := rows_looked_at() + 1;
    v_term   text;
    v_count  bigint;
BEGIN
    FOREACH v_term IN ARRAY CASE WHEN cardinality(p_terms) > 1 THEN p_terms ELSE '{}' END LOOP
        IF v_term = 'o:' THEN
            SELECT count(*) INTO v_count
              FROM (SELECT FROM conversations v
                     WHERE v.org_id = p_org_id AND v.opted_out_at IS NOT NULL LIMIT v_fewest) l;
        ELSE
            SELECT count(*) INTO v_count
              FROM (SELECT FROM contact_terms t
                     WHERE t.org_id = p_org_id AND t.term >= v_term AND t.term <= last_term_of(v_term) LIMIT v_fewest) l;
        END IF;
        IF v_count < v_fewest THEN
            v_rarest := v_term;
            v_fewest := v_count;
        END IF;
    END LOOP;
    RETURN v_rarest;
END $$;
