-- keep_new_template: what Meta has made, by its answer, is known from now on; what a webhook has told of it meanwhile counts
-- before it. p_body: what it was asked for. Refused if Meta's answer names no template, or the account is not the org's any more.
CREATE OR REPLACE FUNCTION keep_new_template(p_actor text, p_org_id uuid, p_waba_id text, p_body json, p_answer json)
RETURNS json LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
DECLARE
    v_id     CONSTANT text := p_answer ->> 'id';
    v_format CONSTANT text := parameter_format_of(p_body ->> 'parameter_format', p_body -> 'components');
    v_now    CONSTANT timestamptz := clock_timestamp();
BEGIN
    PERFORM act_as(p_actor), renew_templates(p_org_id, p_waba_id);
    IF coalesce(v_id !~ '^[1-9][0-9]{0,31}$', true) OR NOT EXISTS (
           SELECT FROM template_accounts a WHERE a.org_id = p_org_id AND a.waba_id = p_waba_id) THEN
        PERFORM refuse('conflict', NULL, 'Meta has answered well, and does not say which template it has made');
    END IF;
    INSERT INTO templates AS t (org_id, waba_id, id, name, language, status, status_as_of, category, category_as_of,
                                quality_as_of, parameter_format, components, content_as_of, wants, seen_at)
    VALUES (p_org_id, p_waba_id, v_id, p_body ->> 'name', p_body ->> 'language',
            coalesce(word_of(p_answer -> 'status'), 'PENDING'), v_now,
            coalesce(word_of(p_answer -> 'category'), left(p_body ->> 'category', 64)), v_now, '-infinity', v_format,
            p_body -> 'components', v_now, template_wants(p_body -> 'components', v_format = 'NAMED'), v_now)
    ON CONFLICT (org_id, id) DO UPDATE SET parameter_format = excluded.parameter_format, components = excluded.components,
        content_as_of = excluded.content_as_of, wants = excluded.wants, seen_at = excluded.seen_at;
    RETURN (SELECT template_document(t, NULL) FROM templates t WHERE t.org_id = p_org_id AND t.id = v_id);
END $$;
