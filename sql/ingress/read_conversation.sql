-- read_conversation: marks a conversation as read here, up to the message `until` (its id; else up to the newest that the
-- contact has written), and returns it; told_by: Meta's id of the newest that is read now, by which Meta can be told. Who
-- does what others see from then on is told (I13), by a row of its own: a trigger would cost each message that comes.
CREATE OR REPLACE FUNCTION read_conversation(p_actor text, p_org_id uuid, p_channel_id uuid, p_contact_id bigint,
                                             p_body json)
RETURNS json LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
DECLARE
    v_contact      bigint;
    v_conversation conversations;
    v_read         record;
    v_newest       uuid;
    v_is_behind    boolean;
    v_before       jsonb;
    v_after        jsonb;
BEGIN
    PERFORM act_as(p_actor), org_named(p_org_id);
    -- (Not joined: a plan from when the number had few conversations passes all that it has by now.)
    v_contact := (SELECT coalesce(c.merged_into, c.id) FROM contacts c WHERE c.org_id = p_org_id AND c.id = p_contact_id);
    SELECT v.* INTO v_conversation FROM conversations v
     WHERE v.org_id = p_org_id AND v.channel_id = p_channel_id AND v.contact_id = v_contact
       AND v.newest_id IS NOT NULL FOR NO KEY UPDATE;
    IF NOT FOUND THEN -- or nothing was said in it: what the contact wants may stand there before
        PERFORM refuse('not_found', NULL, 'The org has no such conversation');
    END IF;
    v_before := reading_of(v_conversation);
    -- (What came in the meantime is seen from here on: who writes it holds the conversation.)
    SELECT * INTO v_read FROM newest_inbound(v_conversation, (p_body ->> 'until')::uuid) n;
    v_newest := (SELECT n.id FROM newest_inbound(v_conversation, NULL) n);
    -- (What is too far back to be found is told by its time.)
    v_is_behind := CASE WHEN v_newest IS NOT NULL THEN coalesce(v_newest > v_read.id, true)
                        ELSE coalesce(time_of_id((p_body ->> 'until')::uuid) < v_conversation.last_inbound_at, false) END;
    UPDATE conversations v
       SET unread = v.unread AND v_is_behind,
           read_until = greatest(v.read_until, v_read.id)
     WHERE v.org_id = p_org_id AND v.channel_id = p_channel_id AND v.contact_id = v_conversation.contact_id
    RETURNING * INTO v_conversation;
    v_after := reading_of(v_conversation);
    IF v_before <> v_after THEN
        INSERT INTO audit_log (actor, org_id, action, object, object_id, before, after)
        VALUES (current_actor(), p_org_id, 'update', 'conversations',
                format('%s/%s', p_channel_id, v_conversation.contact_id), v_before, v_after);
    END IF;
    RETURN ((conversation_lines(p_org_id, ARRAY[v_conversation.newest_id]))[1]::jsonb || jsonb_build_object('told_by', v_read.wamid))::json;
END $$;
