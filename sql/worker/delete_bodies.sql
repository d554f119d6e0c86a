-- delete_bodies: what messages say goes once its org keeps it no longer (organizations.keep_bodies_for): a batch of up
-- to p_limit messages is looked at. more: there are further ones now.
--
-- Ids of messages begin with the time, so that a walk along them comes by those of a time, of all orgs; one walk for
-- each time that any org keeps bodies for. An hour later than that: clocks of those who make ids may differ, and what
-- has been passed is not looked at again. What still has to leave then stands in late_bodies until it has.
CREATE OR REPLACE FUNCTION delete_bodies(p_limit bigint) RETURNS TABLE (deleted bigint, more boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
#variable_conflict use_column
DECLARE
    c_margin CONSTANT interval := '1 hour';
    c_step   CONSTANT interval := '1 minute'; -- so far a walk goes at least
    c_ever   CONSTANT interval := '1000 years'; -- no longer: before some year there is no time
    v_now    timestamptz := clock_timestamp();
    v_walk   body_walks;
    v_end    uuid;
    v_seen   record;
    v_orgs   uuid[];
    v_ids    uuid[];
BEGIN
    SELECT w.* INTO v_walk FROM body_walks w
     WHERE w.next_id < first_id_of(v_now - least(w.keep_for, c_ever) - c_margin - c_step)
     ORDER BY w.keep_for LIMIT 1 FOR UPDATE;
    more := FOUND;
    IF NOT more THEN
        deleted := delete_late_bodies(p_limit);
        RETURN NEXT;
        RETURN;
    END IF;
    v_end := first_id_of(v_now - least(v_walk.keep_for, c_ever) - c_margin);
    SELECT count(*) AS n, max(s.id::text)::uuid AS last, array_agg(s.org_id) AS orgs, array_agg(s.id) AS ids
      INTO v_seen
      FROM (SELECT m.id, m.org_id FROM messages m
             WHERE m.id > v_walk.next_id AND m.id < v_end ORDER BY m.id LIMIT p_limit) s;
    SELECT array_agg(i.org_id), array_agg(i.id) INTO v_orgs, v_ids
      FROM unnest(v_seen.orgs, v_seen.ids) AS i (org_id, id)
     WHERE i.org_id IN (SELECT o.id FROM organizations o WHERE o.keep_bodies_for = v_walk.keep_for);
    deleted := delete_bodies_of(v_orgs, v_ids);
    UPDATE body_walks w
       SET next_id = CASE WHEN v_seen.n = p_limit THEN v_seen.last ELSE v_end END
     WHERE w.keep_for = v_walk.keep_for;
    DELETE FROM body_walks w WHERE w.keep_for = v_walk.keep_for AND NOT EXISTS (
        SELECT FROM organizations o WHERE o.keep_bodies_for = w.keep_for);
    RETURN NEXT;
END $$;
