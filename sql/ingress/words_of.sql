-- words_of: the words of a name, in small letters: no more than 16, of up to 64 characters.
CREATE OR REPLACE FUNCTION words_of(p_name text) RETURNS SETOF text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT left(u.word, 64) FROM regexp_split_to_table(lower(left(p_name, 256)), '[^[:alnum:]]+') AS u (word)
     WHERE u.word <> '' LIMIT 16;
$$;
