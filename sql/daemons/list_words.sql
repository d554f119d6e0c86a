-- list_words: the words with which contacts opt out and in, of each org, in order, with a word on each line. A word is
-- found however it is spelled, so the worker compares (worker/inbound/words.c). An org has a hundred of each at the
-- most.
CREATE OR REPLACE FUNCTION list_words(p_org_ids uuid[]) RETURNS TABLE (words_id uuid, opt_out text, opt_in text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
    SELECT o.words_id, array_to_string(o.opt_out_words[:100], E'\n'), array_to_string(o.opt_in_words[:100], E'\n')
      FROM unnest(p_org_ids) WITH ORDINALITY AS i (org_id, n)
      LEFT JOIN organizations o ON o.id = i.org_id
     ORDER BY i.n;
$$;
