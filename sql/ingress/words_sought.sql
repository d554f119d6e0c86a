-- words_sought: the words of what is looked for in names, the longest first, without those that another begins with: who has
-- that one has these.
CREATE OR REPLACE FUNCTION words_sought(p_name text) RETURNS text[]
LANGUAGE sql STABLE SET search_path = tollgate, pg_temp AS $$
    SELECT ARRAY(
        SELECT w FROM words_of(p_name) w
         WHERE NOT EXISTS (SELECT FROM words_of(p_name) o WHERE o ^@ w AND o <> w)
         GROUP BY w ORDER BY length(w) DESC, w COLLATE "C");
$$;
