-- list_contacts: the org's contacts that p_find describes: contact (a phone with its country code, or a user id), tag,
-- opted_out, name (words that those of the name begin with). They are looked for where the fewest are: if by one of the
-- words, in the order of those that begin with it; else newest first. So many (rows_looked_at) are looked at for a page,
-- which may so have fewer than p_limit although there are more. A cursor is the id, and behind a blank the word, of the last
-- one; behind it is looked on by the same word, or the same order, whatever the fewest are by then.
CREATE OR REPLACE FUNCTION list_contacts(p_org_id uuid, p_find json, p_before text, p_limit bigint) RETURNS json
LANGUAGE plpgsql SET search_path = tollgate, pg_temp AS $$
DECLARE
    v_words  CONSTANT text[] := words_sought(p_find ->> 'name');
    v_word   CONSTANT text := substring(p_before FROM '^[0-9]+ (.*)$');
    v_terms  CONSTANT text[] := terms_sought(p_find, v_words, p_before IS NOT NULL, v_word);
    v_meant  bigint[];
    v_term   text;
    v_source text;
    v_found  record; -- ids and terms, of one more than p_limit where there is one; else looked_until
BEGIN
    PERFORM read_for(p_org_id);
    IF p_find ->> 'name' IS NOT NULL AND v_words = '{}' THEN
        PERFORM refuse('invalid_field', 'name', 'name must have a letter or a digit');
    ELSIF p_before !~ '^[0-9]{1,18}( .*)?$' OR v_word IS NOT NULL AND v_terms = '{}' THEN
        PERFORM refuse('invalid_field', 'before', 'before must be the next_before of a page');
    END IF;
    v_meant := contacts_meant(p_org_id, p_find);
    v_term := CASE WHEN v_meant IS NULL THEN rarest_of(p_org_id, v_terms) END;
    v_source := source_of_contacts(p_org_id, v_meant, v_term, split_part(p_before, ' ', 1)::bigint, v_word);
    EXECUTE format('SELECT array_agg(f.id) AS ids, array_agg(f.term) AS terms, CASE WHEN count(*) <= %4$s THEN '
                   '(SELECT concat_ws('' '', u.id, substr(u.term, 3)) FROM (%1$s OFFSET %3$s - 1 LIMIT 1) u) END '
                   'AS looked_until FROM (SELECT l.id, l.term FROM (%1$s LIMIT %3$s) l %2$s LIMIT %4$s + 1) f',
                   v_source, search_of_contacts(p_org_id, p_find, v_words, v_term), rows_looked_at(), p_limit)
       INTO v_found;
    RETURN json_build_object(
        'contacts', to_json(contact_documents(p_org_id, coalesce(v_found.ids[:p_limit], '{}'))),
        'next_before', CASE WHEN cardinality(v_found.ids) > p_limit
                            THEN concat_ws(' ', v_found.ids[p_limit], substr(v_found.terms[p_limit], 3))
                            ELSE v_found.looked_until END);
END $$;
