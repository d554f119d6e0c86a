-- Contacts of an org: by phone, or by the business-scoped user id of one who hides the phone.

-- The other form of a phone that WhatsApp knows in two: Brazil's and Mexico's numbers with and without
-- the digit (9, 1) that was once inserted. NULL: there is only one form.
CREATE OR REPLACE FUNCTION phone_alternative(p_phone text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN p_phone NOT LIKE '5%' THEN NULL
            WHEN p_phone ~ '^55[1-9][0-9]9[0-9]{8}$'
            THEN substr(p_phone, 1, 4) || substr(p_phone, 6)
            WHEN p_phone ~ '^55[1-9][0-9]{9}$'
            THEN substr(p_phone, 1, 4) || '9' || substr(p_phone, 5)
            WHEN p_phone ~ '^521[0-9]{10}$' THEN '52' || substr(p_phone, 4)
            WHEN p_phone ~ '^52[0-9]{10}$' THEN '521' || substr(p_phone, 3) END;

-- complete_contacts: names, and the half of a contact's identity that was not known yet, are brought up to
-- date; a phone or user id that somebody else of the org has stays that one's.
CREATE OR REPLACE FUNCTION complete_contacts(p_org_ids uuid[], p_contact_ids bigint[], p_names text[],
                                             p_phones text[], p_user_ids text[])
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    c_looks CONSTANT integer := 3;
BEGIN
    FOR v_look IN 1 .. c_looks LOOP
        -- Somebody else may be making a contact with that half: then the next look sees it.
        BEGIN
            WITH told AS (
                SELECT i.org_id, i.contact_id,
                       (array_agg(i.name ORDER BY i.n DESC) FILTER (WHERE i.name IS NOT NULL))[1] AS name,
                       (array_agg(i.phone ORDER BY i.n DESC) FILTER (WHERE i.phone IS NOT NULL))[1] AS phone,
                       (array_agg(i.user_id ORDER BY i.n DESC) FILTER (WHERE i.user_id IS NOT NULL))[1] AS user_id
                  FROM unnest(p_org_ids, p_contact_ids, p_names, p_phones, p_user_ids) WITH ORDINALITY
                       AS i (org_id, contact_id, name, phone, user_id, n)
                 WHERE i.contact_id IS NOT NULL
                 GROUP BY i.org_id, i.contact_id
            ), changed AS MATERIALIZED (
                SELECT c.org_id, c.id, coalesce(t.name, c.name) AS name,
                       CASE WHEN c.phone IS NULL AND NOT EXISTS (
                                 SELECT FROM contacts o WHERE o.org_id = t.org_id AND o.phone = t.phone)
                            THEN t.phone ELSE c.phone END AS phone,
                       CASE WHEN c.user_id IS NULL AND NOT EXISTS (
                                 SELECT FROM contacts o WHERE o.org_id = t.org_id AND o.user_id = t.user_id)
                            THEN t.user_id ELSE c.user_id END AS user_id
                  FROM told t JOIN contacts c ON c.org_id = t.org_id AND c.id = t.contact_id
                 WHERE t.name <> c.name OR (t.name IS NOT NULL AND c.name IS NULL)
                    OR (t.phone IS NOT NULL AND c.phone IS NULL)
                    OR (t.user_id IS NOT NULL AND c.user_id IS NULL)
                 ORDER BY c.org_id, c.id FOR NO KEY UPDATE OF c
            )
            UPDATE contacts c SET name = n.name, phone = n.phone, user_id = n.user_id
              FROM changed n WHERE c.org_id = n.org_id AND c.id = n.id;
            RETURN;
        EXCEPTION WHEN unique_violation THEN
            IF v_look = c_looks THEN
                RAISE;
            END IF;
        END;
    END LOOP;
END $$;

-- find_or_make_contacts: the contacts that wrote, in order; NULL where p_org_ids is.
CREATE OR REPLACE FUNCTION find_or_make_contacts(p_org_ids uuid[], p_phones text[], p_user_ids text[],
                                                 p_names text[])
RETURNS bigint[] LANGUAGE plpgsql AS $$
DECLARE
    v_contacts bigint[];
    v_missing  boolean;
    v_news     boolean; -- of a contact something is told that was not known
BEGIN
    FOR v_round IN 1 .. 2 LOOP
        SELECT array_agg((f.contact).id ORDER BY i.n),
               bool_or(i.org_id IS NOT NULL AND (f.contact).id IS NULL),
               bool_or((f.contact).id IS NOT NULL
                       AND (i.name IS NOT NULL AND i.name IS DISTINCT FROM (f.contact).name
                            OR i.phone IS NOT NULL AND (f.contact).phone IS NULL
                            OR i.user_id IS NOT NULL AND (f.contact).user_id IS NULL))
          INTO v_contacts, v_missing, v_news
          FROM unnest(p_org_ids, p_phones, p_user_ids, p_names) WITH ORDINALITY
               AS i (org_id, phone, user_id, name, n)
          LEFT JOIN contacts p ON p.org_id = i.org_id AND p.phone = i.phone
          LEFT JOIN contacts a ON a.org_id = i.org_id AND a.phone = phone_alternative(i.phone)
          LEFT JOIN contacts u ON u.org_id = i.org_id AND u.user_id = i.user_id
         CROSS JOIN LATERAL (SELECT coalesce(p, a, u) AS contact) f;
        EXIT WHEN NOT v_missing OR v_round = 2;
        -- In key order: two batches with the same new contacts wait, they do not deadlock. The next look
        -- also sees those that others have just made.
        INSERT INTO contacts (org_id, phone, user_id, name)
        SELECT DISTINCT ON (i.org_id, coalesce(i.phone, i.user_id)) i.org_id, i.phone, i.user_id, i.name
          FROM unnest(p_org_ids, p_phones, p_user_ids, p_names, v_contacts) WITH ORDINALITY
               AS i (org_id, phone, user_id, name, contact_id, n)
         WHERE i.org_id IS NOT NULL AND i.contact_id IS NULL
         ORDER BY i.org_id, coalesce(i.phone, i.user_id), i.n DESC
        ON CONFLICT DO NOTHING;
    END LOOP;

    IF v_news THEN
        PERFORM complete_contacts(p_org_ids, v_contacts, p_names, p_phones, p_user_ids);
    END IF;
    RETURN v_contacts;
END $$;

-- move_contact: a contact has got another number. Where somebody of the org has that number already, both
-- stay as they are.
CREATE OR REPLACE FUNCTION move_contact(p_org_id uuid, p_phone text, p_new_phone text) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    UPDATE contacts c SET phone = p_new_phone
     WHERE c.org_id = p_org_id
       AND c.id = (SELECT f.id FROM contacts f
                    WHERE f.org_id = p_org_id AND f.phone IN (p_phone, phone_alternative(p_phone))
                    ORDER BY f.phone = p_phone DESC LIMIT 1)
       AND NOT EXISTS (SELECT FROM contacts o WHERE o.org_id = p_org_id AND o.phone = p_new_phone);
EXCEPTION WHEN unique_violation THEN
    RETURN; -- somebody has just got it
END $$;

-- set_preferences: contacts that opt out of bulk sends or in again, over one channel each. The newest wish
-- by Meta's clock counts, in whatever order they come; of two of the same second the later one here.
CREATE OR REPLACE FUNCTION set_preferences(p_org_ids uuid[], p_channel_ids uuid[], p_contact_ids bigint[],
                                           p_opt_outs boolean[], p_times timestamptz[])
RETURNS void LANGUAGE sql AS $$
    INSERT INTO conversations AS v (org_id, channel_id, contact_id, opted_out_at, preference_at)
    SELECT DISTINCT ON (i.org_id, i.channel_id, i.contact_id) i.org_id, i.channel_id, i.contact_id,
           CASE WHEN i.opt_out THEN i.at END, i.at
      FROM unnest(p_org_ids, p_channel_ids, p_contact_ids, p_opt_outs, p_times) WITH ORDINALITY
           AS i (org_id, channel_id, contact_id, opt_out, at, n)
     WHERE i.contact_id IS NOT NULL AND i.opt_out IS NOT NULL
     ORDER BY i.org_id, i.channel_id, i.contact_id, i.at DESC, i.n DESC
    ON CONFLICT (org_id, channel_id, contact_id) DO UPDATE
       SET opted_out_at = excluded.opted_out_at, preference_at = excluded.preference_at
     WHERE v.preference_at IS NULL OR v.preference_at <= excluded.preference_at;
$$;
