-- Contacts as orgs change them.

-- check_contact: refuses by its name what must not be kept, or is too much for jsonb.
CREATE OR REPLACE FUNCTION check_contact(p_body json) RETURNS void
LANGUAGE plpgsql STABLE AS $$
DECLARE
    v_body jsonb;
    v_tags text[];
BEGIN
    v_body := p_body::jsonb;
    v_tags := texts_of(nullif(v_body -> 'tags', 'null'));
    IF v_body ->> 'language' !~ '^[a-z]{2,3}(_[A-Z]{2})?$' THEN
        PERFORM refuse('invalid_field', 'language', 'language must be as in en or pt_BR');
    ELSIF cardinality(v_tags) > 32 OR EXISTS (SELECT FROM unnest(v_tags) t WHERE trim(t) = '') THEN
        PERFORM refuse('invalid_field', 'tags', 'tags must be up to 32 texts of 1 to 64 bytes');
    ELSIF jsonb_typeof(v_body -> 'attributes') NOT IN ('object', 'null')
          OR octet_length((v_body -> 'attributes')::text) > 4096 THEN
        PERFORM refuse('invalid_field', 'attributes', 'attributes must be an object of up to 4096 bytes');
    END IF;
EXCEPTION WHEN numeric_value_out_of_range THEN
    PERFORM refuse('invalid_field', 'attributes', 'A number in attributes has too many digits');
END $$;

-- written_card: a card with what a request says of it; null takes away.
CREATE OR REPLACE FUNCTION written_card(p_card contact_cards, p_body jsonb) RETURNS contact_cards
LANGUAGE plpgsql STABLE AS $$
DECLARE
    v_card contact_cards := p_card;
BEGIN
    IF p_body ? 'name' THEN
        v_card.name := p_body ->> 'name';
    END IF;
    IF p_body ? 'language' THEN
        v_card.language := p_body ->> 'language';
    END IF;
    IF p_body ? 'tags' THEN
        v_card.tags := nullif(ARRAY(SELECT DISTINCT trim(t) FROM unnest(texts_of(nullif(p_body -> 'tags', 'null'))) t
                                     ORDER BY 1), '{}');
    END IF;
    IF p_body ? 'attributes' THEN
        v_card.attributes := nullif(nullif(p_body -> 'attributes', 'null'), '{}');
    END IF;
    RETURN v_card;
END $$;

-- keep_contact: writes what a request says of the org's contact. Whether that was anything new.
CREATE OR REPLACE FUNCTION keep_contact(p_org_id uuid, p_id bigint, p_body jsonb) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
    v_before contact_cards;
    v_after  contact_cards;
BEGIN
    SELECT * INTO v_before FROM contact_cards k WHERE k.org_id = p_org_id AND k.contact_id = p_id FOR NO KEY UPDATE;
    v_before.org_id := p_org_id;
    v_before.contact_id := p_id;
    v_after := written_card(v_before, p_body);
    IF v_after IS NOT DISTINCT FROM v_before THEN
        RETURN false;
    END IF;
    INSERT INTO contact_cards AS k SELECT v_after.*
    ON CONFLICT (org_id, contact_id) DO UPDATE
       SET name = excluded.name, language = excluded.language, tags = excluded.tags, attributes = excluded.attributes;
    RETURN true;
END $$;

-- join_cards: what was kept of a contact is p_into's, as far as there is nothing else.
CREATE OR REPLACE FUNCTION join_cards(p_org_id uuid, p_contact_id bigint, p_into bigint) RETURNS void
LANGUAGE sql AS $$
    WITH gone AS (
        DELETE FROM contact_cards k WHERE k.org_id = p_org_id AND k.contact_id = p_contact_id RETURNING k.*
    )
    INSERT INTO contact_cards AS k (org_id, contact_id, name, language, tags, attributes)
    SELECT g.org_id, p_into, g.name, g.language, g.tags, g.attributes FROM gone g
    ON CONFLICT (org_id, contact_id) DO UPDATE
       SET name = coalesce(k.name, excluded.name), language = coalesce(k.language, excluded.language),
           attributes = coalesce(k.attributes, excluded.attributes),
           tags = nullif(ARRAY(SELECT DISTINCT t FROM unnest(k.tags || excluded.tags) t ORDER BY 1 LIMIT 32), '{}');
$$;

-- tell_contact: a row of the audit log on a contact: which of its members, and not what they say, since nothing there is
-- ever erased.
CREATE OR REPLACE FUNCTION tell_contact(p_org_id uuid, p_action text, p_id bigint, p_body jsonb) RETURNS void
LANGUAGE sql AS $$
    INSERT INTO audit_log (actor, org_id, action, object, object_id, after)
    SELECT current_actor(), p_org_id, p_action, 'contacts', p_id,
           jsonb_build_object('changed', (SELECT coalesce(jsonb_agg(k ORDER BY k), '[]') FROM jsonb_object_keys(p_body) k));
$$;
