-- find_try: what rules look at, were that contact to write over that channel of the org's at p_at: found as a send's
-- channel is, and as who writes is. Whom the org does not know has never written. Refused: channel or contact are none.
CREATE OR REPLACE FUNCTION find_try(
    p_org_id uuid,
    p_channel_id uuid, p_phone_number_id text,             -- NULL: not given
    p_phone text, p_user_id text, p_contact_id bigint,     -- who writes: one of them
    p_at bigint                                            -- Unix seconds
) RETURNS TABLE (channel_id uuid, contact_id bigint, phone text, user_id text, name text, is_first boolean,
                 opted_out boolean, at text,
                 not_tried json)                           -- rules that are not tried, and why; up to 100 of them
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
#variable_conflict use_column
DECLARE
    v_org     CONSTANT organizations := org_named(p_org_id, 'org_id');
    v_channel CONSTANT uuid := (SELECT c.id FROM find_channel(p_org_id, p_channel_id, p_phone_number_id,
                                                              v_org.default_channel_id) c);
    v_contact contacts;
BEGIN
    IF v_channel IS NULL THEN
        PERFORM refuse('channel_not_found', CASE WHEN p_channel_id IS NULL THEN 'phone_number_id' ELSE 'channel_id' END,
                       'The org has no such channel');
    END IF;
    IF p_contact_id IS NOT NULL THEN
        v_contact := contact_numbered(p_org_id, p_contact_id);
    ELSE
        SELECT c.* INTO v_contact FROM known_contact(p_org_id, p_phone, p_user_id) k
          JOIN contacts c ON c.org_id = p_org_id AND c.id = k.contact_id;
    END IF;
    RETURN QUERY
    SELECT v_channel, v_contact.id, coalesce(v_contact.phone, p_phone), coalesce(v_contact.user_id, p_user_id),
           v_contact.name,
           NOT EXISTS (SELECT FROM conversations v
                        WHERE v.org_id = p_org_id AND v.channel_id = v_channel AND v.contact_id = v_contact.id
                          AND v.first_message_id IS NOT NULL),
           EXISTS (SELECT FROM find_opt_out(p_org_id, v_channel, coalesce(v_contact.phone, p_phone),
                                            coalesce(v_contact.user_id, p_user_id))),
           time_text(to_timestamp(p_at)),
           coalesce((SELECT json_agg(json_build_object('rule_id', r.id, 'version', r.version, 'fit',
                                                       CASE WHEN r.active THEN r.state ELSE 'inactive' END)
                                     ORDER BY r.priority, r.created_at, r.id)
                       FROM (SELECT * FROM automation_rules u
                              WHERE u.org_id = p_org_id AND NOT (u.active AND u.state IN ('good', 'former'))
                              ORDER BY u.priority, u.created_at, u.id LIMIT 100) r), '[]');
END $$;
