-- Contacts of an org: by phone, or by the business-scoped user id of one who hides the phone.
--
-- One person may come to have several rows: known by phone here and by user id there, under a former user id, under
-- another spelling of the number. Once that shows, the oldest row is the contact, and the others lead to it
-- (merged_into): whoever looks somebody up means coalesce(merged_into, id). A row that leads to another keeps
-- the phone and the user id by which the person may still be named. A number that is not the person's any more it
-- gives up: somebody else may get it. A user id is nobody else's, ever.
--
-- Who merges contacts holds the org's wallet, as does who puts messages into lines (lines.sql).

-- The other form of a phone that WhatsApp knows in two: numbers of Brazil, Mexico and Argentina with and without the
-- digit (9, 1, 9) of mobiles. In Brazil only where what is left was a mobile's, too (6 to 9): 11 4771-2345 is a
-- landline, and not the mobile 11 94771-2345. NULL: there is only one form.
CREATE OR REPLACE FUNCTION other_form(p_phone text) RETURNS text
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
    RETURN CASE
        WHEN p_phone ~ '^55[1-9][0-9]9[6-9][0-9]{7}$' THEN substr(p_phone, 1, 4) || substr(p_phone, 6)
        WHEN p_phone ~ '^55[1-9][0-9][6-9][0-9]{7}$' THEN substr(p_phone, 1, 4) || '9' || substr(p_phone, 5)
        WHEN p_phone ~ '^521[2-9][0-9]{9}$' THEN '52' || substr(p_phone, 4)
        WHEN p_phone ~ '^52[2-9][0-9]{9}$' THEN '521' || substr(p_phone, 3)
        WHEN p_phone ~ '^549[1-3][0-9]{9}$' THEN '54' || substr(p_phone, 4)
        WHEN p_phone ~ '^54[1-3][0-9]{9}$' THEN '549' || substr(p_phone, 3) END;
END $$;

-- The same, of any phone. (Inlined where it is called; there all of other_form would have to be made ready each time.)
CREATE OR REPLACE FUNCTION phone_alternative(p_phone text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN p_phone LIKE '5%' THEN other_form(p_phone) END;

-- contacts_named: the contacts of an org that have one of these phones, in either form, or user ids; the oldest
-- first. NULL: nobody. (Here and below rows are looked up one by one: by an array of keys the planner would read
-- all that an org has, if that seems to be little.)
CREATE OR REPLACE FUNCTION contacts_named(p_org_id uuid, p_phones text[], p_user_ids text[]) RETURNS bigint[]
LANGUAGE sql STABLE AS $$
    SELECT array_agg(DISTINCT f.id)
      FROM (SELECT unnest(ARRAY[
                   (SELECT coalesce(c.merged_into, c.id) FROM contacts c
                     WHERE c.org_id = p_org_id AND c.phone = i.phone),
                   (SELECT coalesce(c.merged_into, c.id) FROM contacts c
                     WHERE c.org_id = p_org_id AND c.phone = phone_alternative(i.phone)),
                   (SELECT coalesce(c.merged_into, c.id) FROM contacts c
                     WHERE c.org_id = p_org_id AND c.user_id = i.user_id)]) AS id
              FROM unnest(p_phones, p_user_ids) AS i (phone, user_id)) f
     WHERE f.id IS NOT NULL;
$$;

-- join_conversations: what that contact has with a channel is p_into's. Who opted out under one of the two has opted
-- out.
CREATE OR REPLACE FUNCTION join_conversations(p_org_id uuid, p_channel_id uuid, p_contact_id bigint, p_into bigint)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    WITH gone AS (
        DELETE FROM conversations v
         WHERE v.org_id = p_org_id AND v.channel_id = p_channel_id AND v.contact_id = p_contact_id
        RETURNING v.*
    )
    INSERT INTO conversations AS v (org_id, channel_id, contact_id, last_inbound_at, first_message_id, opted_out_at,
                                    preference_at, newest_id, unread, read_until)
    SELECT g.org_id, g.channel_id, p_into, g.last_inbound_at, g.first_message_id, g.opted_out_at, g.preference_at,
           g.newest_id, g.unread, g.read_until
      FROM gone g
    ON CONFLICT (org_id, channel_id, contact_id) DO UPDATE
       SET last_inbound_at = greatest(v.last_inbound_at, excluded.last_inbound_at),
           first_message_id = least(v.first_message_id, excluded.first_message_id),
           opted_out_at = least(v.opted_out_at, excluded.opted_out_at),
           preference_at = greatest(v.preference_at, excluded.preference_at),
           newest_id = greatest(v.newest_id, excluded.newest_id), unread = v.unread OR excluded.unread,
           read_until = CASE WHEN v.unread = excluded.unread THEN greatest(v.read_until, excluded.read_until)
                             WHEN v.unread THEN v.read_until ELSE excluded.read_until END;
END $$;

-- join_lines_of: what waits to leave to that contact over a channel waits in p_into's line, in the order in which it
-- was accepted. What is on its way by then stays so. The job of a message that is held now claims nothing; it gets
-- another one.
--
-- Both lines are locked, as in lock_line_ends: who takes out what stands ahead finds what we put behind it. Nobody
-- joins them, since the wallet is the caller's.
CREATE OR REPLACE FUNCTION join_lines_of(p_org_id uuid, p_channel_id uuid, p_contact_id bigint, p_into bigint)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM outbox o
      WHERE o.channel_id = p_channel_id AND o.contact_id = ANY (ARRAY[p_contact_id, p_into]) AND o.org_id = p_org_id
      ORDER BY o.message_id FOR KEY SHARE;
    UPDATE outbox o SET contact_id = p_into
     WHERE o.channel_id = p_channel_id AND o.contact_id = p_contact_id AND o.org_id = p_org_id;
    IF FOUND THEN
        UPDATE outbox o
           SET state = 'held', look_at = o.not_after,
               due_at = CASE WHEN o.due_at < 'infinity' THEN o.due_at ELSE clock_timestamp() END
         WHERE o.channel_id = p_channel_id AND o.contact_id = p_into AND o.org_id = p_org_id
           AND o.state IN ('queued', 'scheduled')
           AND o.seq > (SELECT min(a.seq) FROM outbox a
                         WHERE a.channel_id = p_channel_id AND a.contact_id = p_into AND a.org_id = p_org_id);
    END IF;
END $$;

-- merge_contact: that contact turned out to be p_into, which has from now on all that it lacked and that one had.
-- What leads to it leads to p_into. The caller holds the wallet.
CREATE OR REPLACE FUNCTION merge_contact(p_org_id uuid, p_contact_id bigint, p_into bigint) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    v_into    contacts;
    v_other   contacts;
    v_channel uuid;
BEGIN
    SELECT * INTO v_into FROM contacts c WHERE c.org_id = p_org_id AND c.id = p_into FOR UPDATE;
    SELECT * INTO v_other FROM contacts c WHERE c.org_id = p_org_id AND c.id = p_contact_id FOR UPDATE;
    UPDATE contacts c
       SET merged_into = p_into, phone = CASE WHEN v_into.phone IS NOT NULL THEN c.phone END,
           user_id = CASE WHEN v_into.user_id IS NOT NULL THEN c.user_id END
     WHERE c.org_id = p_org_id AND c.id = p_contact_id;
    UPDATE contacts c SET merged_into = p_into WHERE c.org_id = p_org_id AND c.merged_into = p_contact_id;
    UPDATE contacts c
       SET phone = coalesce(c.phone, v_other.phone), user_id = coalesce(c.user_id, v_other.user_id),
           name = coalesce(c.name, v_other.name)
     WHERE c.org_id = p_org_id AND c.id = p_into;
    PERFORM join_cards(p_org_id, p_contact_id, p_into);
    FOR v_channel IN SELECT c.id FROM channels c WHERE c.org_id = p_org_id ORDER BY c.id LOOP
        PERFORM join_conversations(p_org_id, v_channel, p_contact_id, p_into);
        PERFORM join_lines_of(p_org_id, v_channel, p_contact_id, p_into);
    END LOOP;
    UPDATE auto_replies a SET contact_id = p_into
     WHERE a.org_id = p_org_id AND a.contact_id = p_contact_id AND a.reply_id IS NOT NULL;
END $$;

-- merge_contacts: these contacts (the oldest first) are one person: the others lead to the first. Returns that.
CREATE OR REPLACE FUNCTION merge_contacts(p_org_id uuid, p_ids bigint[]) RETURNS bigint
LANGUAGE plpgsql AS $$
BEGIN
    FOR i IN 2 .. cardinality(p_ids) LOOP
        PERFORM merge_contact(p_org_id, p_ids[i], p_ids[1]);
    END LOOP;
    RETURN p_ids[1];
END $$;

-- set_phone: what the number of a contact is. p_moved: others that it was known by are its no more; else they are
-- other spellings of this one. Nobody else has it: who had was merged. (Or has got it since: then it is to be tried
-- again.)
CREATE OR REPLACE FUNCTION set_phone(p_org_id uuid, p_contact_id bigint, p_phone text, p_moved boolean) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    v_former text := (SELECT c.phone FROM contacts c
                       WHERE c.org_id = p_org_id AND c.id = p_contact_id AND c.phone <> p_phone);
BEGIN
    UPDATE contacts c SET phone = NULL
     WHERE c.org_id = p_org_id AND c.merged_into = p_contact_id
       AND (c.phone = p_phone OR p_moved AND c.phone <> coalesce(phone_alternative(p_phone), p_phone));
    UPDATE contacts c SET phone = p_phone
     WHERE c.org_id = p_org_id AND c.id = p_contact_id AND c.phone IS DISTINCT FROM p_phone;
    IF NOT p_moved AND v_former IS DISTINCT FROM phone_alternative(p_phone) THEN
        INSERT INTO contacts (org_id, phone, merged_into)
        SELECT p_org_id, v_former, p_contact_id WHERE v_former IS NOT NULL
        ON CONFLICT DO NOTHING;
    END IF;
EXCEPTION WHEN unique_violation THEN
    RAISE serialization_failure USING MESSAGE = 'somebody has just written from that phone';
END $$;

-- set_user_id: a user id of a contact's; p_newest: the one that counts from now on (NULL: none is known). A former
-- one goes on leading to it. Nobody else has it: who had was merged.
CREATE OR REPLACE FUNCTION set_user_id(p_org_id uuid, p_contact_id bigint, p_user_id text, p_newest boolean)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v_former text := (SELECT c.user_id FROM contacts c WHERE c.org_id = p_org_id AND c.id = p_contact_id);
    v_other  text := CASE WHEN v_former <> p_user_id AND NOT p_newest THEN p_user_id
                          WHEN p_newest THEN nullif(v_former, p_user_id) END; -- that leads to it
BEGIN
    IF v_former IS NULL OR p_newest THEN
        UPDATE contacts c SET user_id = NULL
         WHERE c.org_id = p_org_id AND c.merged_into = p_contact_id AND c.user_id = p_user_id;
        UPDATE contacts c SET user_id = p_user_id
         WHERE c.org_id = p_org_id AND c.id = p_contact_id AND c.user_id IS DISTINCT FROM p_user_id;
    END IF;
    INSERT INTO contacts (org_id, user_id, merged_into)
    SELECT p_org_id, v_other, p_contact_id WHERE v_other IS NOT NULL
    ON CONFLICT DO NOTHING;
EXCEPTION WHEN unique_violation THEN
    RAISE serialization_failure USING MESSAGE = 'somebody has just written under that user id';
END $$;

-- unite_contacts: somebody who has this phone and this user id is one contact. But where the one contact has another
-- user id, and the other one another phone, both stay as they are: the number has changed hands. So they do while
-- somebody holds the wallet: the next message comes to it again.
CREATE OR REPLACE FUNCTION unite_contacts(p_org_id uuid, p_phone text, p_user_id text) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    v_by_phone bigint[];
    v_by_id    bigint[];
    v_contact  bigint;
BEGIN
    IF p_org_id <> ALL (lock_free_wallets(ARRAY[p_org_id])) THEN
        RETURN;
    END IF;
    v_by_phone := contacts_named(p_org_id, ARRAY[p_phone], NULL);
    v_by_id := contacts_named(p_org_id, NULL, ARRAY[p_user_id]);
    IF NOT v_by_phone && v_by_id
       AND (SELECT bool_or((SELECT c.user_id FROM contacts c WHERE c.org_id = p_org_id AND c.id = i.id)
                           <> p_user_id) FROM unnest(v_by_phone) AS i (id))
       AND (SELECT c.phone <> p_phone AND c.phone IS DISTINCT FROM phone_alternative(p_phone)
              FROM contacts c WHERE c.org_id = p_org_id AND c.id = v_by_id[1]) THEN
        RETURN;
    END IF;
    v_contact := merge_contacts(p_org_id, contacts_named(p_org_id, ARRAY[p_phone], ARRAY[p_user_id]));
    IF p_phone IS NOT NULL THEN
        PERFORM set_phone(p_org_id, v_contact, p_phone, true);
    END IF;
    IF p_user_id IS NOT NULL THEN
        PERFORM set_user_id(p_org_id, v_contact, p_user_id, false);
    END IF;
END $$;

-- leave_number: a number that somebody comes to with a new user id is no more that of whom we know there under another
-- one: it has changed hands.
CREATE OR REPLACE FUNCTION leave_number(p_org_id uuid, p_former bigint[], p_phone text, p_user_id text) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    UPDATE contacts c SET phone = NULL
      FROM contacts r
     WHERE c.org_id = p_org_id AND c.phone = ANY (ARRAY[p_phone, phone_alternative(p_phone)])
       AND r.org_id = c.org_id AND r.id = coalesce(c.merged_into, c.id) AND r.id <> ALL (p_former)
       AND r.user_id <> p_user_id;
END $$;

-- lead_on: who had that phone or user id has these from now on (NULL: it stays). Whoever else had them is the same
-- person, seen there already, or does not have them any more. A new number brings a new user id. The caller holds the
-- wallet.
CREATE OR REPLACE FUNCTION lead_on(p_org_id uuid, p_phone text, p_user_id text, p_new_phone text,
                                   p_new_user_id text)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v_former  bigint[];
    v_name    text;
    v_contact bigint;
BEGIN
    v_former := contacts_named(p_org_id, ARRAY[p_phone], ARRAY[p_user_id]);
    IF v_former IS NULL THEN
        RETURN;
    END IF;
    PERFORM leave_number(p_org_id, v_former, p_new_phone, p_new_user_id);
    v_name := (SELECT c.name FROM contacts c WHERE c.org_id = p_org_id AND c.id = v_former[1]);
    v_contact := merge_contacts(p_org_id, contacts_named(p_org_id, ARRAY[p_phone, p_new_phone],
                                                         ARRAY[p_user_id, p_new_user_id]));
    UPDATE contacts c SET name = v_name WHERE c.org_id = p_org_id AND c.id = v_contact AND c.name <> v_name;
    IF p_new_phone IS NOT NULL THEN
        PERFORM set_phone(p_org_id, v_contact, p_new_phone, true);
    END IF;
    IF p_new_user_id IS NOT NULL OR p_new_phone IS NOT NULL THEN
        PERFORM set_user_id(p_org_id, v_contact, p_new_user_id, true);
    END IF;
END $$;

-- follow_changes: keeps that this phone and user id became the new ones then. Returns what they are by now: changes
-- come in any order, and these may have become others since. Who changes more often than anybody does is led on no
-- further.
CREATE OR REPLACE FUNCTION follow_changes(p_org_id uuid, p_at timestamptz, p_phone text, p_user_id text,
                                          INOUT p_new_phone text, INOUT p_new_user_id text)
LANGUAGE plpgsql AS $$
DECLARE
    c_changes CONSTANT integer := 32;
    v_at   timestamptz := p_at;
    v_next contact_changes;
BEGIN
    IF coalesce(p_new_phone = p_phone, p_new_phone IS NULL)
       AND coalesce(p_new_user_id = p_user_id, p_new_user_id IS NULL) THEN
        RETURN; -- nothing changes
    END IF;
    INSERT INTO contact_changes (org_id, at, phone, user_id, new_phone, new_user_id)
    VALUES (p_org_id, p_at, p_phone, p_user_id, p_new_phone, p_new_user_id);
    FOR v_change IN 1 .. c_changes LOOP
        SELECT * INTO v_next
          FROM ((SELECT * FROM contact_changes g
                  WHERE g.org_id = p_org_id AND g.phone = p_new_phone AND g.at > v_at ORDER BY g.at LIMIT 1)
                 UNION ALL
                (SELECT * FROM contact_changes g
                  WHERE g.org_id = p_org_id AND g.user_id = p_new_user_id AND g.at > v_at ORDER BY g.at LIMIT 1)) n
         ORDER BY n.at LIMIT 1;
        EXIT WHEN NOT FOUND;
        v_at := v_next.at;
        p_new_user_id := coalesce(v_next.new_user_id, CASE WHEN v_next.new_phone IS NULL THEN p_new_user_id END);
        p_new_phone := coalesce(v_next.new_phone, p_new_phone);
    END LOOP;
END $$;

-- learn_contacts: what Meta's answers tell of the contacts that were written to: their true numbers, of which those
-- that were dialled are other spellings, and their user ids. NULL: nothing. While somebody holds the wallet nothing
-- is learnt: the next answer tells it again.
CREATE OR REPLACE FUNCTION learn_contacts(p_org_ids uuid[], p_contact_ids bigint[], p_phones text[],
                                          p_user_ids text[])
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v_free    uuid[] := lock_free_wallets(p_org_ids);
    v_news    record;
    v_contact bigint;
BEGIN
    FOR v_news IN
        SELECT DISTINCT i.org_id, coalesce(c.merged_into, c.id) AS contact_id, i.phone, i.user_id
          FROM unnest(p_org_ids, p_contact_ids, p_phones, p_user_ids) AS i (org_id, contact_id, phone, user_id)
          JOIN contacts c ON c.org_id = i.org_id AND c.id = ANY (ARRAY[i.contact_id])
         WHERE i.org_id = ANY (v_free)
         ORDER BY 1, 2
    LOOP
        v_contact := merge_contacts(v_news.org_id, ARRAY(
            SELECT DISTINCT f.id
              FROM unnest(contacts_named(v_news.org_id, ARRAY[v_news.phone], ARRAY[v_news.user_id])
                          || (SELECT coalesce(c.merged_into, c.id) FROM contacts c
                               WHERE c.org_id = v_news.org_id AND c.id = v_news.contact_id)) AS f (id)
             ORDER BY f.id));
        IF v_news.phone IS NOT NULL THEN
            PERFORM set_phone(v_news.org_id, v_contact, v_news.phone, false);
        END IF;
        IF v_news.user_id IS NOT NULL THEN
            PERFORM set_user_id(v_news.org_id, v_contact, v_news.user_id, false);
        END IF;
    END LOOP;
END $$;

-- tell_contacts: names, and the half of a contact's identity that was not known yet, are brought up to
-- date. False: one of them is somebody else's, and nothing was changed.
CREATE OR REPLACE FUNCTION tell_contacts(p_org_ids uuid[], p_contact_ids bigint[], p_names text[],
                                         p_phones text[], p_user_ids text[])
RETURNS boolean LANGUAGE plpgsql AS $$
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
        SELECT c.org_id, c.id, coalesce(t.name, c.name) AS name, coalesce(c.phone, t.phone) AS phone,
               coalesce(c.user_id, t.user_id) AS user_id
          FROM told t JOIN contacts c ON c.org_id = t.org_id AND c.id = t.contact_id
         WHERE t.name <> c.name OR (t.name IS NOT NULL AND c.name IS NULL)
            OR (t.phone IS NOT NULL AND c.phone IS NULL)
            OR (t.user_id IS NOT NULL AND c.user_id IS NULL)
         ORDER BY c.org_id, c.id FOR NO KEY UPDATE OF c
    )
    UPDATE contacts c SET name = n.name, phone = n.phone, user_id = n.user_id
      FROM changed n WHERE c.org_id = n.org_id AND c.id = n.id;
    RETURN true;
EXCEPTION WHEN unique_violation THEN
    RETURN false;
END $$;

-- make_senders: those of who wrote that are not there yet (p_contacts: NULL). In key order: two batches with the same
-- new contacts wait, they do not deadlock. The next look also sees those that others have just made.
CREATE OR REPLACE FUNCTION make_senders(p_org_ids uuid[], p_phones text[], p_user_ids text[], p_names text[],
                                        p_contacts bigint[])
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO contacts (org_id, phone, user_id, name)
    SELECT DISTINCT ON (i.org_id, i.key) i.org_id, i.phone, i.user_id, i.name
      FROM (SELECT u.*, coalesce(least(u.phone, phone_alternative(u.phone)), u.user_id) AS key
              FROM unnest(p_org_ids, p_phones, p_user_ids, p_names, p_contacts) WITH ORDINALITY
                   AS u (org_id, phone, user_id, name, contact_id, n)) i
     WHERE i.org_id IS NOT NULL AND i.contact_id IS NULL
     ORDER BY i.org_id, i.key, i.n DESC
    ON CONFLICT DO NOTHING;
END $$;

-- find_or_make_contacts: the contacts that wrote, in order; NULL where p_org_ids is. Those who turn out to be one
-- are one from then on.
CREATE OR REPLACE FUNCTION find_or_make_contacts(p_org_ids uuid[], p_phones text[], p_user_ids text[],
                                                 p_names text[])
RETURNS bigint[] LANGUAGE plpgsql AS $$
DECLARE
    c_looks CONSTANT integer := 4; -- what others do meanwhile is mostly seen by the second
    v_seen  record;
BEGIN
    FOR v_look IN 1 .. c_looks LOOP
        SELECT array_agg(coalesce((f.contact).merged_into, (f.contact).id) ORDER BY i.n) AS contacts,
               bool_or(i.org_id IS NOT NULL AND (f.contact).id IS NULL) AS any_missing,
               bool_or((f.contact).id IS NOT NULL
                       AND (i.name IS NOT NULL AND i.name IS DISTINCT FROM (f.contact).name
                            OR (f.contact).merged_into IS NULL
                               AND (i.phone IS NOT NULL AND (f.contact).phone IS NULL
                                    OR i.user_id IS NOT NULL AND (f.contact).user_id IS NULL))) AS any_news,
               -- Under phone and user id there are two contacts, or it has others than these.
               array_agg(i.n) FILTER (WHERE least(f.by_phone, f.by_other, f.by_id)
                                            <> greatest(f.by_phone, f.by_other, f.by_id)
                   OR (f.contact).id IS NOT NULL AND i.user_id IS NOT NULL AND f.by_id IS NULL
                      AND ((f.contact).user_id IS NOT NULL OR (f.contact).merged_into IS NOT NULL)
                   OR i.phone IS NOT NULL AND f.by_phone IS NULL AND f.by_other IS NULL
                      AND (f.contact).phone IS NOT NULL AND (f.contact).merged_into IS NULL) AS apart
          INTO v_seen
          FROM unnest(p_org_ids, p_phones, p_user_ids, p_names) WITH ORDINALITY
               AS i (org_id, phone, user_id, name, n)
          LEFT JOIN contacts p ON p.org_id = i.org_id AND p.phone = i.phone
          LEFT JOIN contacts a ON a.org_id = i.org_id AND a.phone = phone_alternative(i.phone)
          LEFT JOIN contacts u ON u.org_id = i.org_id AND u.user_id = i.user_id
         CROSS JOIN LATERAL (SELECT coalesce(p, a, u) AS contact, coalesce(p.merged_into, p.id) AS by_phone,
                                    coalesce(a.merged_into, a.id) AS by_other,
                                    coalesce(u.merged_into, u.id) AS by_id) f;
        EXIT WHEN v_look = c_looks;
        IF v_seen.any_missing THEN
            PERFORM make_senders(p_org_ids, p_phones, p_user_ids, p_names, v_seen.contacts);
        ELSIF v_seen.apart IS NULL THEN
            EXIT WHEN NOT v_seen.any_news
                      OR tell_contacts(p_org_ids, v_seen.contacts, p_names, p_phones, p_user_ids);
        END IF;
        PERFORM unite_contacts(o.org_id, o.phone, o.user_id)
           FROM (SELECT DISTINCT i.org_id, i.phone, i.user_id
                   FROM unnest(p_org_ids, p_phones, p_user_ids) WITH ORDINALITY AS i (org_id, phone, user_id, n)
                  WHERE i.n = ANY (v_seen.apart)
                     OR v_seen.apart IS NULL AND NOT v_seen.any_missing
                        AND i.org_id IS NOT NULL AND i.phone IS NOT NULL AND i.user_id IS NOT NULL
                  ORDER BY 1, 2, 3) o;
    END LOOP;
    RETURN v_seen.contacts;
END $$;

-- set_preferences: contacts that opt out of bulk sends or in again, over one channel each. The newest wish
-- by Meta's clock counts, in whatever order they come; of two of the same second the later one here. Orgs that ask are told
-- who has opted out and had not before.
CREATE OR REPLACE FUNCTION set_preferences(p_org_ids uuid[], p_channel_ids uuid[], p_contact_ids bigint[],
                                           p_opt_outs boolean[], p_times timestamptz[])
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v_out record; -- of each an array
BEGIN
    IF EXISTS (SELECT FROM event_wishes w
                WHERE w.org_id = ANY (p_org_ids) AND w.types && '{contact.opted_out,contact.*,*}') THEN
        SELECT array_agg(i.org_id) AS orgs, array_agg(i.channel_id) AS channels, array_agg(i.contact_id) AS contacts INTO v_out
          FROM (SELECT DISTINCT u.org_id, u.channel_id, u.contact_id
                  FROM unnest(p_org_ids, p_channel_ids, p_contact_ids, p_opt_outs)
                       AS u (org_id, channel_id, contact_id, opt_out)
                 WHERE u.opt_out AND u.contact_id IS NOT NULL) i
         WHERE NOT EXISTS (SELECT FROM conversations v
                            WHERE v.org_id = i.org_id AND v.channel_id = i.channel_id AND v.contact_id = i.contact_id
                              AND v.opted_out_at IS NOT NULL);
    ELSE
        v_out := ROW(NULL);
    END IF;
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
    IF v_out IS NOT NULL THEN
        PERFORM tell_opt_outs(v_out.orgs, v_out.channels, v_out.contacts);
    END IF;
END $$;

-- tell_opt_outs: tells of those of these contacts that have opted out now.
CREATE OR REPLACE FUNCTION tell_opt_outs(p_org_ids uuid[], p_channel_ids uuid[], p_contact_ids bigint[]) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM tell_events(array_agg(v.org_id), '{contact.opted_out}', array_agg(v.channel_id), array_agg(v.contact_id), NULL,
                        array_agg(jsonb_build_object('opted_out_at', time_text(v.opted_out_at))))
       FROM unnest(p_org_ids, p_channel_ids, p_contact_ids) AS i (org_id, channel_id, contact_id)
       JOIN conversations v ON v.org_id = i.org_id AND v.channel_id = i.channel_id AND v.contact_id = i.contact_id
      WHERE v.opted_out_at IS NOT NULL;
END $$;
