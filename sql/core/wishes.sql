-- record_wish: somebody of the org records that a contact wants no bulk over a channel (NULL: over any of the org's), or
-- wants it again. It counts from now on, until the contact says something else.
CREATE OR REPLACE FUNCTION record_wish(p_actor text, p_org_id uuid, p_n bigint, p_opted_out boolean, p_body json)
RETURNS json LANGUAGE plpgsql AS $$
DECLARE
    v_now      timestamptz := clock_timestamp();
    v_contact  contacts := contact_numbered(p_org_id, p_n);
    v_channels uuid[] := ARRAY(SELECT h.id FROM channels h
                                WHERE h.org_id = p_org_id AND h.status <> 'disabled'
                                  AND h.id = coalesce((p_body ->> 'channel_id')::uuid, h.id)
                                  AND h.phone_number_id = coalesce(p_body ->> 'phone_number_id', h.phone_number_id)
                                ORDER BY h.id);
BEGIN
    PERFORM act_as(p_actor);
    IF v_channels = '{}' THEN
        PERFORM refuse('channel_not_found',
                       CASE WHEN p_body ->> 'channel_id' IS NULL THEN 'phone_number_id' ELSE 'channel_id' END,
                       'The org has no such channel');
    END IF;
    INSERT INTO preferences AS p (org_id, contact_id, channel_id, opted_out, actor, why, at)
    SELECT p_org_id, v_contact.id, h, p_opted_out, p_actor, p_body ->> 'why', v_now FROM unnest(v_channels) h
    ON CONFLICT (org_id, contact_id, channel_id) DO UPDATE
       SET opted_out = excluded.opted_out, actor = excluded.actor, why = excluded.why, at = excluded.at;
    PERFORM set_preferences(array_agg(p_org_id), array_agg(h), array_agg(v_contact.id), array_agg(p_opted_out),
                            array_agg(v_now))
       FROM unnest(v_channels) h;
    RETURN contact_document(v_contact);
END $$;
