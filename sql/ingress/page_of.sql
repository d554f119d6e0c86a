-- page_of: a page as a document: of rows, one more than p_limit where there is another page, the first p_limit; and
-- what to ask with for that one, the cursor of the last that is shown.
CREATE OR REPLACE FUNCTION page_of(p_name text, p_limit bigint, p_rows json[], p_cursors json[]) RETURNS json
LANGUAGE sql IMMUTABLE
RETURN json_build_object(
    p_name, coalesce((SELECT json_agg(r.shown ORDER BY r.place)
                        FROM unnest(p_rows) WITH ORDINALITY AS r (shown, place) WHERE r.place <= p_limit), '[]'::json),
    'next_before', CASE WHEN cardinality(p_rows) > p_limit THEN p_cursors[p_limit] END);
