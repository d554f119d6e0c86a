-- Events: who asks for which, and how they are written and followed.

-- set_event_wishes: what the endpoints of an org ask for, all together, from now on; whoever changes them calls it in the
-- same transaction: types, message.*, *; and meta.* where one takes Meta's webhooks.
CREATE OR REPLACE FUNCTION set_event_wishes(p_org_id uuid, p_types text[]) RETURNS void
LANGUAGE sql AS $$
    INSERT INTO event_wishes AS w (org_id, asked)
    SELECT p_org_id, ARRAY(SELECT DISTINCT t FROM unnest(p_types) t ORDER BY t)
    ON CONFLICT (org_id) DO UPDATE SET asked = excluded.asked WHERE w.asked <> excluded.asked;
$$;

-- wish_bit: what stands for message.STATUS in event_wishes.asks, and in what is news of a message. asks_for: is it among what
-- is asked for? (PostgreSQL puts both in place of the calls, and of a word that stands there its number.)
CREATE OR REPLACE FUNCTION wish_bit(p_status text) RETURNS integer
LANGUAGE sql IMMUTABLE
RETURN CASE p_status WHEN 'sent' THEN 4 WHEN 'failed' THEN 8 WHEN 'unconfirmed' THEN 16 WHEN 'delivered' THEN 32
                     WHEN 'read' THEN 64 WHEN 'accepted' THEN 2 WHEN 'received' THEN 1 END;

CREATE OR REPLACE FUNCTION asks_for(p_asks integer, p_status text) RETURNS boolean
LANGUAGE sql IMMUTABLE
RETURN p_asks & wish_bit(p_status) > 0;

-- event_id_head: how the ids begin of events that one statement writes now, in 25 digits: with the time, to 1/4096 ms, and
-- 34 random bits. event_id: such an id, by the event's place among them (below 2^24). So little is done for each event, and
-- the ids of what follows are above. (Each parameter stands once, so that PostgreSQL puts the expression in place of the call:
-- otherwise it would read it anew for each statement. 7: the version; 34359738368: it begins with the variant.)
CREATE OR REPLACE FUNCTION event_id_head(p_now timestamptz DEFAULT clock_timestamp()) RETURNS text
LANGUAGE sql VOLATILE
RETURN overlay(lpad(to_hex(floor(extract(epoch FROM p_now) * 4096000)::bigint), 15, '0') PLACING '7' FROM 13 FOR 0)
       || to_hex(34359738368 + floor(random() * 17179869184)::bigint);

CREATE OR REPLACE FUNCTION event_id(p_head text, p_place bigint) RETURNS uuid
LANGUAGE sql STABLE
RETURN (p_head || to_hex(16777216 + p_place))::uuid;

-- tell_events: writes these events, in order, of orgs that ask for them; of the others nothing. Types: one for each, or
-- one for all. An array that is NULL: none of them has any. p_data: nothing of persons.
CREATE OR REPLACE FUNCTION tell_events(p_org_ids uuid[], p_types text[], p_channel_ids uuid[], p_contact_ids bigint[],
                                       p_message_ids uuid[], p_data jsonb[])
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM event_wishes w WHERE w.org_id = ANY (p_org_ids)) THEN
        INSERT INTO events (org_id, id, type, channel_id, contact_id, message_id, data)
        SELECT i.org_id, event_id((SELECT event_id_head()), i.n), t.type, i.channel_id, i.contact_id, i.message_id, i.data
          FROM unnest(p_org_ids, p_types, p_channel_ids, p_contact_ids, p_message_ids, p_data) WITH ORDINALITY
               AS i (org_id, type, channel_id, contact_id, message_id, data, n)
         CROSS JOIN LATERAL (SELECT CASE cardinality(p_types) WHEN 1 THEN p_types[1] ELSE i.type END AS type OFFSET 0) t
          JOIN event_wishes w ON w.org_id = i.org_id
         WHERE is_asked(w.types, t.type)
         ORDER BY i.n;
    END IF;
END $$;

-- tell_news: writes what batches have for news, of orgs that ask for it. A statement of its own, since the others are made
-- ready for less where nobody asks.
CREATE OR REPLACE FUNCTION tell_news(p_news message_news[]) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO events (org_id, id, type, channel_id, contact_id, message_id, data)
    SELECT i.org_id, event_id((SELECT event_id_head()), i.n), 'message.' || i.status, i.channel_id, i.contact_id,
           i.message_id, i.data
      FROM unnest(p_news) i JOIN event_wishes w ON w.org_id = i.org_id
     WHERE i.contact_id IS NOT NULL AND asks_for(w.asks, i.status);
END $$;

-- tell_event: the same for one that is about an org, or a channel of it.
CREATE OR REPLACE FUNCTION tell_event(p_org_id uuid, p_type text, p_channel_id uuid, p_data jsonb) RETURNS void
LANGUAGE sql AS $$
    SELECT tell_events(ARRAY[p_org_id], ARRAY[p_type], ARRAY[p_channel_id], NULL, NULL, ARRAY[p_data]);
$$;

-- tell_of_ends: these messages have ended otherwise, or nobody knows whether they have left; as they are on record now. (What batches do is
-- told where it is written, by tell_news: write_sends, record_outcomes, record_statuses, save_inbound.) Nothing is told of a receipt, which
-- is nobody's message.
CREATE OR REPLACE FUNCTION tell_of_ends(p_org_ids uuid[], p_message_ids uuid[]) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM event_wishes w WHERE w.org_id = ANY (p_org_ids)) THEN
        PERFORM tell_events(array_agg(m.org_id), array_agg('message.' || m.status), array_agg(m.channel_id),
                            array_agg(m.contact_id), array_agg(m.id),
                            array_agg(CASE m.status WHEN 'unconfirmed' THEN jsonb_build_object('code', m.error_code) END))
           FROM unnest(p_org_ids, p_message_ids) AS i (org_id, message_id)
           JOIN messages m ON m.id = ANY (ARRAY[i.message_id]) AND m.org_id = i.org_id
          WHERE m.status IN ('failed', 'unconfirmed', 'sent') AND m.contact_id IS NOT NULL;
    END IF;
END $$;

-- note_events: what finds them again in their order. (What rewind_events writes again is found by itself.)
CREATE OR REPLACE FUNCTION note_events() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
DECLARE
    v_xact CONSTANT xid8 := pg_current_xact_id();
BEGIN
    INSERT INTO event_writes AS w (xact, org_ids)
    SELECT v_xact, array_agg(n.org_id) FROM n WHERE n.xact = v_xact HAVING count(*) > 0
    ON CONFLICT (xact) DO UPDATE SET org_ids = w.org_ids || excluded.org_ids WHERE NOT excluded.org_ids <@ w.org_ids;
    RETURN NULL;
END $$;

-- events_in_order: the next events of all orgs behind this one, by (xact, id), up to p_limit of them, of transactions before
-- p_end. (One transaction after the other: so the planner has nothing to choose, and each step ends with its LIMIT.)
CREATE OR REPLACE FUNCTION events_in_order(p_xact xid8, p_id uuid, p_end xid8, p_limit bigint) RETURNS SETOF events
LANGUAGE plpgsql STABLE AS $$
DECLARE
    v_write event_writes;
    v_after uuid;
    v_left  bigint := p_limit;
    v_found bigint;
BEGIN
    FOR v_write IN SELECT w.* FROM event_writes w WHERE w.xact >= p_xact AND w.xact < p_end ORDER BY w.xact LOOP
        v_after := CASE WHEN v_write.xact = p_xact THEN p_id ELSE '00000000-0000-0000-0000-000000000000' END;
        IF v_write.xact = '0' THEN
            RETURN QUERY SELECT e.* FROM events e WHERE e.xact = '0' AND e.id > v_after ORDER BY e.id LIMIT v_left;
        ELSE
            RETURN QUERY
            SELECT e.* FROM events e
             WHERE e.org_id = ANY (v_write.org_ids) AND e.xact = v_write.xact AND e.id > v_after ORDER BY e.id LIMIT v_left;
        END IF;
        GET DIAGNOSTICS v_found = ROW_COUNT;
        v_left := v_left - v_found;
        EXIT WHEN v_left = 0;
    END LOOP;
END $$;

-- events_after: the same of transactions before which none is under way any more. So whoever goes on behind the last of them
-- misses none, however late it commits. The first time: from ('0', '00000000-0000-0000-0000-000000000000') on.
CREATE OR REPLACE FUNCTION events_after(p_xact xid8, p_id uuid, p_limit bigint) RETURNS SETOF events
LANGUAGE sql STABLE AS $$
    SELECT e.* FROM events_in_order(p_xact, p_id, pg_snapshot_xmin(pg_current_snapshot()), p_limit) e;
$$;
