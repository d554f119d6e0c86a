-- Contacts of a file, many at once (import_contacts).

-- make_imported: makes those whom the org does not have; of two forms of a phone the first. Their ids.
CREATE OR REPLACE FUNCTION make_imported(p_org_id uuid, p_phones text[]) RETURNS bigint[]
LANGUAGE plpgsql AS $$
DECLARE
    v_made bigint[];
BEGIN
    -- In key order: two with the same new contacts wait, they do not deadlock.
    WITH made AS (
        INSERT INTO contacts (org_id, phone)
        SELECT DISTINCT ON (p.name) p_org_id, p.phone
          FROM (SELECT u.*, least(u.phone, phone_alternative(u.phone)) AS name
                  FROM unnest(p_phones) WITH ORDINALITY AS u (phone, n)) p
         WHERE contacts_named(p_org_id, ARRAY[p.phone], ARRAY[NULL]) IS NULL
         ORDER BY p.name, p.n
        ON CONFLICT DO NOTHING RETURNING id
    )
    SELECT array_agg(m.id) INTO v_made FROM made m;
    RETURN v_made;
END $$;

-- joined_tags: all of them, each once, in order; NULL: none.
CREATE OR REPLACE FUNCTION joined_tags(p_tags text[], p_more text[]) RETURNS text[]
LANGUAGE sql STABLE
RETURN nullif(ARRAY(SELECT DISTINCT trim(t) FROM unnest(p_tags || p_more) t WHERE trim(t) <> '' ORDER BY 1), '{}');

-- keep_imported: writes what is said of these contacts (NULL: not to be written; none stands there twice), and returns
-- the outcomes as they are by then.
CREATE OR REPLACE FUNCTION keep_imported(p_org_id uuid, p_outcomes text[], p_ids bigint[], p_names text[],
                                         p_languages text[], p_tags text[]) RETURNS text[]
LANGUAGE plpgsql AS $$
DECLARE
    v_full    bigint[];
    v_changed bigint[];
BEGIN
    PERFORM FROM contact_cards k
      WHERE k.org_id = p_org_id AND k.contact_id = ANY (p_ids) ORDER BY k.contact_id FOR NO KEY UPDATE;
    SELECT array_agg(k.contact_id) INTO v_full
      FROM unnest(p_ids, p_tags) AS u (id, tags)
      JOIN contact_cards k ON k.org_id = p_org_id AND k.contact_id = u.id
     WHERE cardinality(joined_tags(k.tags, string_to_array(u.tags, ','))) > 32;
    WITH kept AS (
        INSERT INTO contact_cards AS k (org_id, contact_id, name, language, tags)
        SELECT p_org_id, u.id, u.name, u.language, joined_tags(NULL, string_to_array(u.tags, ','))
          FROM unnest(p_ids, p_names, p_languages, p_tags) AS u (id, name, language, tags)
         WHERE u.id IS NOT NULL AND num_nonnulls(u.name, u.language, joined_tags(NULL, string_to_array(u.tags, ','))) > 0
           AND (u.id = ANY (v_full)) IS NOT TRUE
         ORDER BY u.id
        ON CONFLICT (org_id, contact_id) DO UPDATE
           SET name = coalesce(excluded.name, k.name), language = coalesce(excluded.language, k.language),
               tags = joined_tags(k.tags, excluded.tags)
         WHERE (k.name, k.language, k.tags) IS DISTINCT FROM
               (coalesce(excluded.name, k.name), coalesce(excluded.language, k.language), joined_tags(k.tags, excluded.tags))
        RETURNING k.contact_id
    )
    SELECT array_agg(t.contact_id) INTO v_changed FROM kept t;
    RETURN ARRAY(SELECT CASE WHEN u.id = ANY (v_full) THEN 'full'
                             WHEN u.outcome = 'same' AND u.id = ANY (v_changed) THEN 'changed' ELSE u.outcome END
                   FROM unnest(p_outcomes, p_ids) WITH ORDINALITY AS u (outcome, id, n) ORDER BY u.n);
END $$;
