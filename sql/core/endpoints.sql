-- Endpoints, as their orgs see and change them.

-- endpoint_named: the org's endpoint, locked, or a refusal.
CREATE OR REPLACE FUNCTION endpoint_named(p_org_id uuid, p_id uuid) RETURNS endpoints
LANGUAGE plpgsql AS $$
DECLARE
    v_endpoint endpoints;
BEGIN
    SELECT * INTO v_endpoint FROM endpoints p
     WHERE p.org_id = p_org_id AND p.id = p_id AND p.deleted_at IS NULL FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        PERFORM refuse('not_found', NULL, 'The org has no such endpoint');
    END IF;
    RETURN v_endpoint;
END $$;

-- endpoint_document: one endpoint, without its secrets.
CREATE OR REPLACE FUNCTION endpoint_document(p_endpoint endpoints) RETURNS json
LANGUAGE sql STABLE AS $$
    SELECT json_build_object(
               'id', (p_endpoint).id, 'url', (p_endpoint).url, 'description', (p_endpoint).description,
               'format', (p_endpoint).format,
               'types', CASE (p_endpoint).format WHEN 'standard' THEN to_json((p_endpoint).types) END,
               'channel_ids', (p_endpoint).channel_ids, 'state', (p_endpoint).state,
               'state_why', (p_endpoint).state_why, 'state_since', time_text((p_endpoint).state_since),
               'failing_since', time_text((p_endpoint).failing_since),
               'old_secret_until', CASE WHEN (p_endpoint).old_secret_until > now()
                                        THEN time_text((p_endpoint).old_secret_until) END,
               'recovering', (p_endpoint).recover_from IS NOT NULL, 'created_at', time_text((p_endpoint).created_at));
$$;

-- endpoint_told: the same with its secret (p_secret), which is told this once; NULL: not even once.
CREATE OR REPLACE FUNCTION endpoint_told(p_endpoint endpoints, p_secret text) RETURNS json
LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN p_secret IS NULL THEN endpoint_document(p_endpoint)
                ELSE (endpoint_document(p_endpoint)::jsonb || jsonb_build_object('secret', p_secret))::json END;
$$;

-- check_secret: refuses a secret (is_standard: it is one of Standard Webhooks) that is not of the format's.
CREATE OR REPLACE FUNCTION check_secret(p_format text, p_body jsonb) RETURNS void
LANGUAGE plpgsql STABLE AS $$
BEGIN
    IF p_format = 'standard' AND NOT coalesce((p_body ->> 'is_standard')::boolean, true) THEN
        PERFORM refuse('invalid_field', 'secret', 'secret must be whsec_ and 24 to 64 bytes in base64');
    END IF;
END $$;

-- endpoint_as: an endpoint as the body has it (url, description, types, channel_ids, verify_token); what is not named
-- stays. What cannot be is refused by its name.
CREATE OR REPLACE FUNCTION endpoint_as(p_endpoint endpoints, p_body jsonb) RETURNS endpoints
LANGUAGE plpgsql AS $$
BEGIN
    p_endpoint.url := coalesce(p_body ->> 'url', p_endpoint.url);
    p_endpoint.description := CASE WHEN p_body ? 'description' THEN p_body ->> 'description' ELSE p_endpoint.description END;
    IF p_body ? 'types' THEN
        p_endpoint.types := ARRAY(SELECT DISTINCT t FROM unnest(texts_of(p_body -> 'types')) t ORDER BY t);
    END IF;
    IF p_body ? 'channel_ids' THEN
        p_endpoint.channel_ids := CASE WHEN p_body -> 'channel_ids' <> 'null' THEN texts_of(p_body -> 'channel_ids')::uuid[] END;
    END IF;
    IF p_body ? 'verify_token' THEN
        p_endpoint.verify_token := p_body ->> 'verify_token';
    END IF;
    IF p_endpoint.format = 'meta' AND p_endpoint.verify_token IS NULL THEN
        PERFORM refuse('invalid_field', 'verify_token', 'verify_token must be there: format meta has an endpoint verified by it');
    ELSIF p_endpoint.format = 'standard' AND p_endpoint.verify_token IS NOT NULL THEN
        PERFORM refuse('invalid_field', 'verify_token', 'verify_token is of format meta alone');
    ELSIF p_endpoint.format = 'meta' AND p_body ? 'types' THEN
        PERFORM refuse('invalid_field', 'types', 'types is not of format meta, which has all that Meta posts');
    ELSIF p_endpoint.format = 'standard'
          AND (NOT are_event_types(p_endpoint.types) OR cardinality(p_endpoint.types) NOT BETWEEN 1 AND 64) THEN
        PERFORM refuse('invalid_field', 'types', 'types must be types of events (GET /api/events has them), kinds of them '
                                                 '(message.*, wallet.*, channel.*, template.*, endpoint.*), or * for all');
    ELSIF cardinality(p_endpoint.channel_ids) NOT BETWEEN 1 AND 200
          OR EXISTS (SELECT FROM unnest(p_endpoint.channel_ids) i (id) WHERE NOT EXISTS (
                     SELECT FROM channels c WHERE c.org_id = p_endpoint.org_id AND c.id = i.id)) THEN
        PERFORM refuse('invalid_field', 'channel_ids', 'channel_ids must be 1 to 200 ids of channels of the org, or null');
    END IF;
    RETURN p_endpoint;
EXCEPTION WHEN invalid_text_representation THEN
    PERFORM refuse('invalid_field', 'channel_ids', 'channel_ids must be 1 to 200 ids of channels of the org, or null');
END $$;

-- follow_endpoints: has the org's events written that its endpoints ask for.
CREATE OR REPLACE FUNCTION follow_endpoints(p_org_id uuid) RETURNS void
LANGUAGE sql AS $$
    SELECT set_event_wishes(p_org_id, coalesce(array_agg(t), '{}'))
      FROM endpoints p CROSS JOIN unnest(p.types) t
     WHERE p.org_id = p_org_id AND p.deleted_at IS NULL;
$$;

-- end_endpoint_alerts: nothing is wrong with the endpoint any more, or nobody cares.
CREATE OR REPLACE FUNCTION end_endpoint_alerts(p_org_id uuid, p_id uuid) RETURNS void
LANGUAGE sql AS $$
    UPDATE alerts a SET resolved_at = now()
     WHERE a.org_id = p_org_id AND a.endpoint_id = p_id AND a.resolved_at IS NULL;
$$;

-- set_going: an endpoint that is to be told from now on: of format meta it is asked first. What has waited is told too.
CREATE OR REPLACE FUNCTION set_going(p_endpoint endpoints) RETURNS endpoints
LANGUAGE plpgsql AS $$
BEGIN
    p_endpoint.state := CASE p_endpoint.format WHEN 'meta' THEN 'verifying' ELSE 'active' END;
    p_endpoint.state_why := NULL;
    p_endpoint.state_since := clock_timestamp();
    p_endpoint.verify_id := NULL;
    p_endpoint.verify_at := CASE p_endpoint.format WHEN 'meta' THEN now() END;
    p_endpoint.failing_since := NULL;
    p_endpoint.warned_at := NULL;
    RETURN p_endpoint;
END $$;

-- disable_endpoints: nothing is posted to them any more, since so many are gone or dead; their orgs are told.
CREATE OR REPLACE FUNCTION disable_endpoints(p_org_ids uuid[], p_ids uuid[], p_whys text[]) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    v_gone record;
BEGIN
    FOR v_gone IN
        UPDATE endpoints p SET state = 'disabled', state_why = i.why, state_since = clock_timestamp(), verify_at = NULL
          FROM unnest(p_org_ids, p_ids, p_whys) AS i (org_id, id, why)
         WHERE p.org_id = i.org_id AND p.id = i.id AND p.state <> 'disabled'
        RETURNING p.org_id, p.id, p.url, p.state_why
    LOOP
        PERFORM end_endpoint_alerts(v_gone.org_id, v_gone.id);
        INSERT INTO alerts (org_id, endpoint_id, kind, outcome, message, advice)
        VALUES (v_gone.org_id, v_gone.id, 'endpoint_disabled', 'endpoint:disabled', v_gone.state_why,
                'Nothing is lost while the events are kept: set it active once it answers, and what has waited is posted');
        PERFORM tell_event(v_gone.org_id, 'endpoint.disabled', NULL,
                           jsonb_build_object('endpoint_id', v_gone.id, 'url', v_gone.url, 'why', v_gone.state_why));
    END LOOP;
END $$;
