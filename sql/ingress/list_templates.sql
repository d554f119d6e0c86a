-- list_templates: a page of the org's templates that p_find describes: status, name, language, category, channel_id (those of
-- its account); newest first, those below p_before. What is deleted is not among them. An account has some thousands at the
-- most (TG_TEMPLATES_MAX): they are read one by one.
CREATE OR REPLACE FUNCTION list_templates(p_org_id uuid, p_find json, p_before bigint, p_limit bigint) RETURNS json
LANGUAGE plpgsql SET search_path = tollgate, pg_temp AS $$
DECLARE
    v_waba_id text;
    v_page    record; -- of each an array
    v_list    json;
BEGIN
    PERFORM read_for(p_org_id);
    IF p_find ->> 'channel_id' IS NOT NULL THEN
        SELECT c.waba_id INTO v_waba_id FROM channels c
         WHERE c.org_id = p_org_id AND c.id = (p_find ->> 'channel_id')::uuid;
        IF NOT FOUND THEN
            PERFORM refuse('channel_not_found', 'channel_id', 'The org has no such channel');
        END IF;
        v_waba_id := coalesce(v_waba_id, '');
    END IF;
    SELECT array_agg(template_document(p.it, a.looked_at) ORDER BY (p.it).n DESC) AS rows,
           array_agg(to_json((p.it).n) ORDER BY (p.it).n DESC) AS cursors INTO v_page
      FROM (SELECT t AS it FROM templates t
             WHERE t.org_id = p_org_id AND t.n < p_before AND t.status <> 'DELETED'
               AND (v_waba_id IS NULL OR t.waba_id = v_waba_id)
               AND t.status = coalesce(p_find ->> 'status', t.status)
               AND t.name = coalesce(p_find ->> 'name', t.name)
               AND t.language = coalesce(p_find ->> 'language', t.language)
               AND (p_find ->> 'category' IS NULL OR t.category = p_find ->> 'category')
             ORDER BY t.n DESC LIMIT p_limit + 1) p
      JOIN template_accounts a ON a.org_id = p_org_id AND a.waba_id = (p.it).waba_id;
    v_list := page_of('templates', p_limit, coalesce(v_page.rows, '{}'), coalesce(v_page.cursors, '{}'));
    RETURN json_build_object('templates', v_list -> 'templates', 'next_before', v_list -> 'next_before',
                             'accounts', template_accounts_document(p_org_id, v_waba_id));
END $$;
