-- import_contacts: contacts that a file names, in its order: each by its phone (digits). One that the org does not have is
-- made; of one that it has what the file says is kept, and what it does not say stays: names, languages; tags are added.
-- Each one's tags have commas between them. Of each what became of it: created, changed, same; full: nothing, since it has
-- no room for the tags. Safe to repeat.
CREATE OR REPLACE FUNCTION import_contacts(p_actor text, p_org_id uuid, p_phones text[], p_names text[], p_languages text[],
                                           p_tags text[])
RETURNS TABLE (outcome text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
DECLARE
    v_made     bigint[];
    v_ids      bigint[];  -- of each line, whose it is,
    v_turns    integer[]; -- the how manieth of that contact's it is,
    v_outcomes text[];    -- and what became of it
    v_counts   jsonb;
BEGIN
    PERFORM act_as(p_actor), org_named(p_org_id);
    v_made := make_imported(p_org_id, p_phones);
    SELECT array_agg(l.id ORDER BY l.n), array_agg(l.turn ORDER BY l.n) INTO v_ids, v_turns
      FROM (SELECT p.n, i.id, row_number() OVER (PARTITION BY i.id ORDER BY p.n) AS turn
              FROM unnest(p_phones) WITH ORDINALITY AS p (phone, n)
             CROSS JOIN LATERAL (SELECT (contacts_named(p_org_id, ARRAY[p.phone], ARRAY[NULL]))[1] AS id) i) l;
    SELECT array_agg(CASE WHEN v_turns[i] = 1 AND v_ids[i] = ANY (v_made) THEN 'created' ELSE 'same' END ORDER BY i)
      INTO v_outcomes FROM generate_subscripts(v_ids, 1) i;
    FOR v_turn IN 1 .. (SELECT coalesce(max(t), 0) FROM unnest(v_turns) t) LOOP
        v_outcomes := keep_imported(p_org_id, v_outcomes,
                                    ARRAY(SELECT CASE WHEN v_turns[i] = v_turn THEN v_ids[i] END
                                            FROM generate_subscripts(v_ids, 1) i ORDER BY i),
                                    p_names, p_languages, p_tags);
    END LOOP;
    SELECT jsonb_object_agg(c.what, c.n) INTO v_counts
      FROM (SELECT o AS what, count(*) AS n FROM unnest(v_outcomes) o GROUP BY o) c;
    IF v_counts ?| '{created,changed}' THEN
        INSERT INTO audit_log (actor, org_id, action, object, after)
        VALUES (p_actor, p_org_id, 'insert', 'contacts', jsonb_build_object('imported', v_counts));
    END IF;
    RETURN QUERY SELECT o FROM unnest(v_outcomes) WITH ORDINALITY AS u (o, n) ORDER BY u.n;
END $$;
