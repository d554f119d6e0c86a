-- admin_change_channel: another token, account, fee or rate. A new token sets going what an outcome has paused.
CREATE OR REPLACE FUNCTION admin_change_channel(p_actor text, p_org_id uuid, p_id uuid, p_body json) RETURNS json
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
DECLARE
    v_body CONSTANT jsonb := p_body::jsonb;
    v_channel       channels;
BEGIN
    PERFORM act_as(p_actor), channel_named(p_org_id, p_id), check_channel(v_body);
    UPDATE channels c
       SET access_token = coalesce(v_body ->> 'sealed_token', v_body ->> 'access_token', c.access_token),
           waba_id = CASE WHEN v_body ? 'waba_id' THEN v_body ->> 'waba_id' ELSE c.waba_id END,
           display_phone_number = CASE WHEN v_body ? 'display_phone_number' THEN v_body ->> 'display_phone_number'
                                       ELSE c.display_phone_number END,
           service_fee_per_msg = coalesce((v_body ->> 'service_fee_per_msg')::numeric, c.service_fee_per_msg),
           max_mps = coalesce((v_body ->> 'max_mps')::integer, c.max_mps)
     WHERE c.org_id = p_org_id AND c.id = p_id RETURNING * INTO v_channel;
    RETURN channel_document(v_channel);
END $$;
