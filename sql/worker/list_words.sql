-- list_words: the words with which contacts opt out and in, of the org that owns each number: a row per number, in
-- order, with a word on each line; NULL where nobody owns it. A word is found however it is spelled, so the worker
-- compares (worker/inbound/words.c). An org has a hundred of each at the most.
CREATE OR REPLACE FUNCTION list_words(p_phone_number_ids text[]) RETURNS TABLE (opt_out text, opt_in text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
    SELECT array_to_string(o.opt_out_words[:100], E'\n'), array_to_string(o.opt_in_words[:100], E'\n')
      FROM unnest(p_phone_number_ids) WITH ORDINALITY AS i (phone_number_id, n)
      LEFT JOIN LATERAL number_at(i.phone_number_id, now()) c ON true
      LEFT JOIN organizations o ON o.id = c.org_id
     ORDER BY i.n;
$$;
