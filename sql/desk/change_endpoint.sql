-- change_endpoint: changes an endpoint (url, description, types, channel_ids, verify_token), or whether it is told (state: active
-- or disabled). One of format meta that is called elsewhere, or is set active, is verified first.
CREATE OR REPLACE FUNCTION change_endpoint(p_actor text, p_org_id uuid, p_id uuid, p_body json) RETURNS json
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
DECLARE
    v_body CONSTANT jsonb := p_body;
    v_was           endpoints;
    v_new           endpoints;
BEGIN
    PERFORM act_as(p_actor);
    v_was := endpoint_named(p_org_id, p_id);
    v_new := endpoint_as(v_was, v_body);
    IF v_body ->> 'state' = 'disabled' AND v_was.state <> 'disabled' THEN
        v_new.state := 'disabled';
        v_new.state_since := clock_timestamp();
        v_new.verify_at := NULL;
    ELSIF v_body ->> 'state' = 'active' AND v_was.state = 'disabled'
          OR v_new.format = 'meta' AND v_was.state <> 'disabled'
             AND (v_new.url <> v_was.url OR v_body ? 'verify_token') THEN
        v_new := set_going(v_new);
        -- What waits for another attempt need not wait any more.
        v_new.recover_from := coalesce(v_was.recover_from, behind_all_events());
    END IF;
    IF v_new.state <> v_was.state THEN
        v_new.state_why := NULL;
        PERFORM end_endpoint_alerts(p_org_id, p_id);
    END IF;
    UPDATE endpoints p
       SET url = v_new.url, description = v_new.description, types = v_new.types, channel_ids = v_new.channel_ids,
           verify_token = v_new.verify_token, state = v_new.state, state_why = v_new.state_why,
           state_since = v_new.state_since, verify_id = v_new.verify_id,
           verify_at = v_new.verify_at, failing_since = v_new.failing_since, warned_at = v_new.warned_at,
           recover_from = v_new.recover_from
     WHERE p.org_id = p_org_id AND p.id = p_id;
    PERFORM follow_endpoints(p_org_id);
    RETURN endpoint_document(v_new);
END $$;
