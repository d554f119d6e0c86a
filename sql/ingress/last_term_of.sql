-- last_term_of: the last one of the terms that what is looked for stands for: of a word those that begin with it.
CREATE OR REPLACE FUNCTION last_term_of(p_term text) RETURNS text
LANGUAGE sql IMMUTABLE
RETURN p_term || CASE WHEN p_term ^@ 'n:' THEN chr(1114111) ELSE '' END;
