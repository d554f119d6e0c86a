-- search_of_contacts: joins, as SQL, that leave those of l (source_of_contacts, by that term) which p_find describes, with
-- these words in their names: one look-up for each, by all of its key, in this order. Who has several words that fit is
-- found by the first of them alone, so that nobody is found twice.
CREATE OR REPLACE FUNCTION search_of_contacts(p_org_id uuid, p_find json, p_words text[], p_term text) RETURNS text
LANGUAGE sql STABLE SET search_path = tollgate, pg_temp AS $$
    SELECT concat_ws(' ',
        CASE WHEN p_find ->> 'opted_out' IS NOT NULL AND p_term IS DISTINCT FROM 'o:' THEN
            format('CROSS JOIN LATERAL (SELECT FROM (SELECT FROM conversations s WHERE s.org_id = %L '
                   'AND s.contact_id = l.id AND s.opted_out_at IS NOT NULL LIMIT 1) o HAVING (count(*) > 0) = %L) o',
                   p_org_id, p_find ->> 'opted_out') END,
        (SELECT format('CROSS JOIN LATERAL (SELECT FROM contact_terms s WHERE s.org_id = %L AND s.contact_id = l.id '
                       'HAVING %s) t', p_org_id, string_agg(k.condition, ' AND '))
           FROM (SELECT format('bool_or(s.term ^@ %L)', 'n:' || w) FROM unnest(p_words) w
                  WHERE 'n:' || w <> coalesce(p_term, '')
                 UNION ALL
                 SELECT format('bool_or(s.term = %L)', 't:' || (p_find ->> 'tag'))
                  WHERE 't:' || (p_find ->> 'tag') <> coalesce(p_term, '')
                 UNION ALL
                 SELECT format('min(s.term) FILTER (WHERE s.term ^@ %L) = l.term', p_term)
                  WHERE p_term ^@ 'n:') AS k (condition)
         HAVING count(*) > 0),
        format('CROSS JOIN LATERAL (SELECT FROM contacts s WHERE s.org_id = %L AND s.id = l.id AND s.merged_into IS NULL '
               'AND s.erased_at IS NULL LIMIT 1) c', p_org_id));
$$;
