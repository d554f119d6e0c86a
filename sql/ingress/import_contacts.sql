-- import_contacts: contacts that a file names, in its order: each by its phone (digits). One that the org does not have is
-- made; of one that it has what the file says is kept, and what it does not say stays: names, languages; tags are added.
-- Each one's tags have commas between them. Of each what became of it: created, changed, same. Safe to repeat.
CREATE OR REPLACE FUNCTION import_contacts(p_actor text, p_org_id uuid, p_phones text[], p_names text[], p_languages text[],
                                           p_tags text[])
RETURNS TABLE (outcome text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
DECLARE
    v_row    record;
    v_id     bigint;
    v_new    boolean; -- something was
    v_counts jsonb := '{}';
BEGIN
    PERFORM act_as(p_actor), org_named(p_org_id);
    FOR v_row IN SELECT * FROM unnest(p_phones, p_names, p_languages, p_tags) AS u (phone, name, language, tags) LOOP
        v_id := (contacts_named(p_org_id, ARRAY[v_row.phone], ARRAY[NULL]))[1];
        outcome := 'same';
        IF v_id IS NULL THEN
            INSERT INTO contacts (org_id, phone) VALUES (p_org_id, v_row.phone) ON CONFLICT DO NOTHING RETURNING id INTO v_id;
            outcome := CASE WHEN v_id IS NULL THEN 'same' ELSE 'created' END;
            v_id := coalesce(v_id, (contacts_named(p_org_id, ARRAY[v_row.phone], ARRAY[NULL]))[1]);
        END IF;
        v_new := keep_contact(p_org_id, v_id, jsonb_strip_nulls(jsonb_build_object(
               'name', v_row.name, 'language', v_row.language,
               'tags', (SELECT jsonb_agg(t) FROM (
                           SELECT unnest(k.tags) FROM contact_cards k WHERE k.org_id = p_org_id AND k.contact_id = v_id
                           UNION SELECT trim(s) FROM string_to_table(v_row.tags, ',') s WHERE trim(s) <> ''
                           ORDER BY 1 LIMIT 32) AS l (t) WHERE v_row.tags IS NOT NULL))));
        outcome := CASE WHEN outcome = 'same' AND v_new THEN 'changed' ELSE outcome END;
        v_counts := v_counts || jsonb_build_object(outcome, coalesce((v_counts ->> outcome)::integer, 0) + 1);
        RETURN NEXT;
    END LOOP;
    IF v_counts ?| '{created,changed}' THEN
        INSERT INTO audit_log (actor, org_id, action, object, after)
        VALUES (p_actor, p_org_id, 'insert', 'contacts', jsonb_build_object('imported', v_counts));
    END IF;
END $$;
