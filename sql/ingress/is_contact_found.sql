-- is_contact_found: is this contact what p_find of list_contacts describes, found by that word? (By the first one that
-- fits, so that nobody is found twice.)
CREATE OR REPLACE FUNCTION is_contact_found(p_contact contacts, p_find json, p_words text[], p_term text) RETURNS boolean
LANGUAGE sql STABLE SET search_path = tollgate, pg_temp AS $$
    SELECT (p_contact).merged_into IS NULL AND (p_contact).erased_at IS NULL
       AND coalesce((p_find ->> 'tag') = ANY (k.tags), p_find ->> 'tag' IS NULL)
       AND coalesce((p_find ->> 'opted_out')::boolean = EXISTS (
               SELECT FROM conversations v WHERE v.org_id = (p_contact).org_id AND v.contact_id = (p_contact).id
                                             AND v.opted_out_at IS NOT NULL), true)
       AND NOT EXISTS (
               SELECT FROM unnest(p_words) l (word)
                WHERE NOT EXISTS (SELECT FROM unnest(n.words) w WHERE w ^@ l.word))
       AND coalesce(substr(p_term, 3) COLLATE "C" = (
               SELECT min(w COLLATE "C") FROM unnest(n.words) w
                WHERE w ^@ (SELECT l FROM unnest(p_words) l ORDER BY length(l) DESC LIMIT 1)), true)
      FROM (SELECT) one
      LEFT JOIN contact_cards k ON k.org_id = (p_contact).org_id AND k.contact_id = (p_contact).id
     CROSS JOIN LATERAL (SELECT ARRAY(SELECT words_of(k.name) UNION SELECT words_of((p_contact).name)) AS words) n;
$$;
