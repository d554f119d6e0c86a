-- template_document: a template as its org sees it. p_looked_at: when the last look began that had all of its account's.
CREATE OR REPLACE FUNCTION template_document(p_template templates, p_looked_at timestamptz) RETURNS json
LANGUAGE sql STABLE SET search_path = tollgate, pg_temp AS $$
    SELECT row_to_json(d) FROM (
        SELECT (p_template).id, (p_template).waba_id, (p_template).name, (p_template).language, (p_template).status,
               (p_template).reason, (p_template).reason_says, (p_template).category, (p_template).quality,
               (p_template).parameter_format, (p_template).wants AS parameters, (p_template).components,
               time_text(greatest((p_template).seen_at, p_looked_at)) AS seen_at) d;
$$;
