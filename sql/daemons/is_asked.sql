-- is_asked: does one of these types, kinds, or all, mean this type? (* does not mean meta.*, which name persons.)
CREATE OR REPLACE FUNCTION is_asked(p_asked text[], p_type text) RETURNS boolean
LANGUAGE sql IMMUTABLE
RETURN p_asked && ARRAY[p_type, split_part(p_type, '.', 1) || '.*', CASE WHEN p_type NOT LIKE 'meta.%' THEN '*' END];
