-- create_campaign: begins a campaign whose recipients are still to come (add_recipients, finish_campaign). p_body has
-- type, parts, placeholders, and as far as they were given name, channel_id, phone_number_id, callback_data, send_at,
-- not_after, max_mps. One that came before with the same key and the same hash is told instead (found), unless it was
-- never finished: that one goes.
CREATE OR REPLACE FUNCTION create_campaign(p_actor text, p_org_id uuid, p_id uuid, p_body json, p_key text, p_body_hash bytea)
RETURNS TABLE (document json, channel_id uuid, found boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
#variable_conflict use_column
DECLARE
    v_org     organizations;
    v_channel channels;
    v_first   campaigns;
BEGIN
    PERFORM act_as(p_actor);
    v_org := org_named(p_org_id);
    SELECT * INTO v_first FROM campaigns c WHERE c.org_id = p_org_id AND c.key = p_key FOR UPDATE;
    IF v_first.state = 'filling' THEN
        DELETE FROM campaign_recipients r WHERE r.org_id = p_org_id AND r.campaign_id = v_first.id;
        DELETE FROM campaigns c WHERE c.org_id = p_org_id AND c.id = v_first.id;
    ELSIF v_first.body_hash = p_body_hash THEN
        RETURN QUERY SELECT campaign_document(v_first), v_first.channel_id, true;
        RETURN;
    ELSIF v_first.id IS NOT NULL THEN
        PERFORM refuse('idempotency_conflict', 'Idempotency-Key', 'The Idempotency-Key came with another body before');
    END IF;
    SELECT * INTO v_channel FROM find_channel(p_org_id, (p_body ->> 'channel_id')::uuid, p_body ->> 'phone_number_id',
                                              v_org.default_channel_id);
    IF NOT FOUND THEN
        PERFORM refuse('channel_not_found', 'channel_id', 'The org has no such active channel');
    END IF;
    INSERT INTO campaigns AS c (org_id, id, channel_id, name, state, type, parts, placeholders, callback_data, send_at,
                                not_after, max_mps, key, body_hash, clear_at)
    VALUES (p_org_id, p_id, v_channel.id, p_body ->> 'name', 'filling', p_body ->> 'type', texts_of(p_body::jsonb -> 'parts'),
            texts_of(p_body::jsonb -> 'placeholders'), p_body ->> 'callback_data', (p_body ->> 'send_at')::timestamptz,
            (p_body ->> 'not_after')::timestamptz, (p_body ->> 'max_mps')::integer, p_key, p_body_hash,
            clock_timestamp() + interval '1 hour');
    RETURN QUERY SELECT NULL::json, v_channel.id, false;
EXCEPTION WHEN unique_violation THEN
    PERFORM refuse('conflict', 'Idempotency-Key', 'Another request with this Idempotency-Key is being answered');
END $$;
