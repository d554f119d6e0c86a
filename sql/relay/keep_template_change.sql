-- keep_template_change: what Meta has taken of a change counts from now on; what has become of its status, Meta tells. Refused
-- if the org has no such template any more.
CREATE OR REPLACE FUNCTION keep_template_change(p_actor text, p_org_id uuid, p_id text, p_body json)
RETURNS json LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
DECLARE
    v_now      CONSTANT timestamptz := clock_timestamp();
    v_format   CONSTANT text := parameter_format_of(p_body ->> 'parameter_format', p_body -> 'components');
    v_document json;
BEGIN
    PERFORM act_as(p_actor), renew_templates(p_org_id, p_id);
    UPDATE templates t
       SET components = coalesce(p_body -> 'components', t.components),
           parameter_format = CASE WHEN p_body -> 'components' IS NULL THEN t.parameter_format ELSE v_format END,
           wants = CASE WHEN p_body -> 'components' IS NULL THEN t.wants
                        ELSE template_wants(p_body -> 'components', v_format = 'NAMED') END,
           content_as_of = CASE WHEN p_body -> 'components' IS NULL THEN t.content_as_of ELSE v_now END,
           category = coalesce(left(p_body ->> 'category', 64), t.category),
           category_as_of = CASE WHEN p_body ->> 'category' IS NULL THEN t.category_as_of ELSE v_now END,
           seen_at = v_now
     WHERE t.org_id = p_org_id AND t.id = p_id
    RETURNING template_document(t, NULL) INTO v_document;
    IF v_document IS NULL THEN
        PERFORM refuse('conflict', NULL, 'Meta has changed the template, which is not known here any more');
    END IF;
    RETURN v_document;
END $$;
