-- terms_sought: by which terms (rarest_of) what p_find describes may be looked for, with these words in names: on a page
-- behind another that was found by a word (p_word) by that one, else behind a page by none.
CREATE OR REPLACE FUNCTION terms_sought(p_find json, p_words text[], p_is_behind boolean, p_word text) RETURNS text[]
LANGUAGE sql STABLE SET search_path = tollgate, pg_temp AS $$
    SELECT ARRAY(
        SELECT k.term
          FROM unnest(ARRAY['t:' || (p_find ->> 'tag'), CASE WHEN (p_find ->> 'opted_out')::boolean THEN 'o:' END]
                      || ARRAY(SELECT 'n:' || w FROM unnest(p_words) w)) WITH ORDINALITY AS k (term, n)
         WHERE k.term IS NOT NULL
           AND (NOT p_is_behind OR CASE WHEN p_word IS NULL THEN NOT k.term ^@ 'n:' ELSE 'n:' || p_word ^@ k.term END)
         ORDER BY k.n);
$$;
