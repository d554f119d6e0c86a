-- finish_erasures: what deploy/erase does until nothing is left: what the org's erased contacts said and were told
-- goes from messages and attempts. A row for each of its erasures that is not finished: so many rows this call has
-- changed. It is finished once no transaction is left that knew the contact before it was erased and may still have
-- written a message of it, and nothing is on its way to Meta: then another look has found all of it.
CREATE OR REPLACE FUNCTION finish_erasures(p_org_id uuid)
RETURNS TABLE (messages bigint, attempts bigint, finished boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
#variable_conflict use_column
DECLARE
    v_erasure erasures;
    v_running text[] := ARRAY( -- whoever looks somebody up has a lock on contacts
        SELECT l.virtualtransaction FROM pg_locks l
         WHERE l.locktype = 'relation' AND l.relation = 'contacts'::regclass AND l.pid <> pg_backend_pid()
           AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database()));
    v_done    record;
BEGIN
    FOR v_erasure IN SELECT * FROM erasures e WHERE e.org_id = p_org_id AND e.finished_at IS NULL
                      ORDER BY e.id FOR UPDATE LOOP
        finished := v_erasure.waits_for IS NOT NULL AND NOT v_erasure.waits_for && v_running AND NOT EXISTS (
            SELECT FROM channels h
              JOIN outbox o ON o.channel_id = h.id AND o.org_id = h.org_id
             WHERE h.org_id = p_org_id AND o.contact_id = ANY (v_erasure.contact_ids));
        v_done := erase_messages(p_org_id, v_erasure.contact_ids);
        UPDATE erasures e
           SET waits_for = coalesce(e.waits_for, v_running),
               finished_at = CASE WHEN finished THEN clock_timestamp() END,
               erased = e.erased || jsonb_strip_nulls(jsonb_build_object(
                   'messages', nullif(coalesce((e.erased ->> 'messages')::bigint, 0) + v_done.messages, 0),
                   'attempts', nullif(coalesce((e.erased ->> 'attempts')::bigint, 0) + v_done.attempts, 0)))
         WHERE e.org_id = p_org_id AND e.id = v_erasure.id;
        messages := v_done.messages;
        attempts := v_done.attempts;
        RETURN NEXT;
    END LOOP;
END $$;
