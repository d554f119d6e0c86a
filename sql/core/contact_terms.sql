-- By what contacts are found: the words of their names, and their tags.

-- terms_of: all terms of a contact.
CREATE OR REPLACE FUNCTION terms_of(p_org_id uuid, p_contact_id bigint) RETURNS text[]
LANGUAGE sql STABLE AS $$
    SELECT ARRAY(
        SELECT 'n:' || w FROM contacts c CROSS JOIN LATERAL words_of(c.name) w
         WHERE c.org_id = p_org_id AND c.id = p_contact_id
         UNION
        SELECT t.term FROM contact_cards k CROSS JOIN LATERAL (
               SELECT 'n:' || w FROM words_of(k.name) w UNION ALL SELECT 't:' || t FROM unnest(k.tags) t) AS t (term)
         WHERE k.org_id = p_org_id AND k.contact_id = p_contact_id);
$$;

-- renew_terms: of a contact whose name or card is another now.
CREATE OR REPLACE FUNCTION renew_terms(p_org_id uuid, p_contact_id bigint, p_former text[]) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    v_terms text[] := terms_of(p_org_id, p_contact_id);
BEGIN
    DELETE FROM contact_terms t
     WHERE t.org_id = p_org_id AND t.contact_id = p_contact_id
       AND t.term = ANY (ARRAY(SELECT unnest(p_former) EXCEPT SELECT unnest(v_terms)));
    INSERT INTO contact_terms (org_id, term, contact_id)
    SELECT p_org_id, w, p_contact_id FROM unnest(v_terms) w ON CONFLICT DO NOTHING;
END $$;

-- Profiles' names: of all contacts of a statement at once, since those who write for the first time come many together.
-- (What an accept makes has no name.)
CREATE OR REPLACE FUNCTION keep_names() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM n WHERE n.name IS NOT NULL) THEN
        INSERT INTO contact_terms (org_id, term, contact_id)
        SELECT n.org_id, 'n:' || w, n.id FROM n CROSS JOIN LATERAL words_of(n.name) w ORDER BY 1, 2, 3
        ON CONFLICT DO NOTHING;
    END IF;
    RETURN NULL;
END $$;

-- And where they are others now.
CREATE OR REPLACE FUNCTION follow_names() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
DECLARE
    v_names record; -- of each an array
    v_gone  record; -- likewise
BEGIN
    SELECT array_agg(n.org_id) AS orgs, array_agg(n.id) AS contacts, array_agg(n.name) AS new, array_agg(o.name) AS old
      INTO v_names FROM n JOIN o ON o.org_id = n.org_id AND o.id = n.id WHERE n.name IS DISTINCT FROM o.name;
    IF v_names.orgs IS NULL THEN
        RETURN NULL;
    END IF;
    -- (Mostly there was no name. Looked up one by one, whatever the planner thinks of the table.)
    SELECT array_agg(i.org_id) AS orgs, array_agg(t.place) AS places INTO v_gone
      FROM unnest(v_names.orgs, v_names.contacts, v_names.old) AS i (org_id, contact_id, name)
     CROSS JOIN LATERAL words_of(i.name) w
     CROSS JOIN LATERAL (
           SELECT o.ctid AS place FROM contact_terms o
            WHERE o.org_id = i.org_id AND o.term = 'n:' || w AND o.contact_id = i.contact_id LIMIT 1 FOR UPDATE) t
     WHERE 'n:' || w <> ALL (terms_of(i.org_id, i.contact_id));
    IF v_gone.orgs IS NOT NULL THEN
        DELETE FROM contact_terms t WHERE t.ctid = ANY (v_gone.places) AND t.org_id = ANY (v_gone.orgs);
    END IF;
    INSERT INTO contact_terms (org_id, term, contact_id)
    SELECT i.org_id, 'n:' || w, i.contact_id
      FROM unnest(v_names.orgs, v_names.contacts, v_names.new) AS i (org_id, contact_id, name)
     CROSS JOIN LATERAL words_of(i.name) w ORDER BY 1, 2, 3
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;

-- The same of a card.
CREATE OR REPLACE FUNCTION follow_card() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        PERFORM renew_terms(OLD.org_id, OLD.contact_id, ARRAY(SELECT 'n:' || w FROM words_of(OLD.name) w
                                                              UNION ALL SELECT 't:' || t FROM unnest(OLD.tags) t));
    ELSE
        PERFORM renew_terms(NEW.org_id, NEW.contact_id, NULL);
    END IF;
    RETURN NULL;
END $$;
