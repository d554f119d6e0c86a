-- admin_hand_over_channel: the number becomes another org's: its channel is disabled, and that one has a new channel,
-- with the same token unless another is given, account, fee and rate, which is returned.
CREATE OR REPLACE FUNCTION admin_hand_over_channel(p_actor text, p_org_id uuid, p_id uuid, p_body json) RETURNS json
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
DECLARE
    v_to     CONSTANT uuid := (p_body ->> 'to_org_id')::uuid;
    v_token  CONSTANT text := coalesce(p_body ->> 'sealed_token', p_body ->> 'access_token');
    v_channel         channels;
BEGIN
    PERFORM act_as(p_actor), org_named(v_to, 'to_org_id'), check_channel(p_body::jsonb);
    v_channel := channel_named(p_org_id, p_id);
    IF v_channel.status = 'disabled' THEN
        PERFORM refuse('conflict', NULL, 'The channel is disabled: the number is nobody''s here, or another''s');
    ELSIF v_to = p_org_id THEN
        PERFORM refuse('invalid_field', 'to_org_id', 'to_org_id must be another org');
    ELSIF v_token IS NULL AND v_channel.access_token LIKE 'sealed:%' THEN
        -- It opens in its own row alone.
        PERFORM refuse('missing_field', 'access_token', 'access_token is required: the one that is there is sealed');
    END IF;
    UPDATE channels c SET status = 'disabled' WHERE c.org_id = p_org_id AND c.id = p_id;
    RETURN channel_document(put_channel(v_to, to_jsonb(v_channel)
                                              || jsonb_build_object('id', p_body ->> 'id', 'access_token',
                                                                    coalesce(v_token, v_channel.access_token))));
END $$;
