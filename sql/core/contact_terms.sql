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

-- A profile's name, where it is another now.
CREATE OR REPLACE FUNCTION follow_name() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
BEGIN
    PERFORM renew_terms(NEW.org_id, NEW.id, CASE WHEN TG_OP = 'UPDATE'
                                                 THEN ARRAY(SELECT 'n:' || w FROM words_of(OLD.name) w) END);
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
