-- list_contacts: the org's contacts that p_find describes: contact (a phone with its country code, or a user id), tag,
-- opted_out, name (words that those of the name begin with). Newest first; by name in the order of the first word that
-- is looked for. They are looked for where the fewest are; of these so many are looked at for a page, which may so have
-- fewer rows than p_limit although there are more. A cursor is the id, and behind a blank the word, of the last looked at.
CREATE OR REPLACE FUNCTION list_contacts(p_org_id uuid, p_find json, p_before text, p_limit bigint) RETURNS json
LANGUAGE plpgsql SET search_path = tollgate, pg_temp AS $$
DECLARE
    c_looked_at CONSTANT integer := 2000;
    v_words     CONSTANT text[] := ARRAY(SELECT words_of(p_find ->> 'name'));
    v_ids       bigint[];
    v_terms     text[];
    v_shown     record;
BEGIN
    PERFORM read_for(p_org_id);
    IF p_find ->> 'name' IS NOT NULL AND v_words = '{}' THEN
        PERFORM refuse('invalid_field', 'name', 'name must have a letter or a digit');
    ELSIF p_before !~ '^[0-9]{1,18}( .*)?$' THEN
        PERFORM refuse('invalid_field', 'before', 'before must be the next_before of a page');
    END IF;
    SELECT array_agg(l.id ORDER BY l.n), array_agg(l.term ORDER BY l.n) INTO v_ids, v_terms
      FROM candidates_of(p_org_id, p_find, v_words, split_part(p_before, ' ', 1)::bigint,
                         nullif(substr(p_before, strpos(p_before || ' ', ' ') + 1), ''), c_looked_at) l;
    SELECT array_agg(s.document ORDER BY s.n) AS documents, array_agg(s.n ORDER BY s.n) AS places INTO v_shown
      FROM (SELECT contact_document(c) AS document, u.n
              FROM unnest(v_ids, v_terms) WITH ORDINALITY AS u (id, term, n)
              JOIN contacts c ON c.org_id = p_org_id AND c.id = u.id
             WHERE is_contact_found(c, p_find, v_words, u.term)
             ORDER BY u.n LIMIT p_limit) s;
    RETURN json_build_object(
        'contacts', to_json(coalesce(v_shown.documents, '{}')),
        'next_before', (SELECT concat_ws(' ', v_ids[l.at], substr(v_terms[l.at], 3))
                          FROM (SELECT CASE WHEN cardinality(v_shown.documents) = p_limit THEN v_shown.places[p_limit]
                                            ELSE cardinality(v_ids) END AS at) l
                         WHERE l.at < cardinality(v_ids) OR cardinality(v_ids) = c_looked_at));
END $$;
