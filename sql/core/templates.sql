-- Templates of orgs, as Meta has them: asked by a worker (claim_template_looks, keep_templates_of, record_template_looks), told
-- by webhooks, of which follow_notices learns, and passed on by ingress (sql/relay). Status, category, quality and content
-- each have the time as of which they were so, and the newest word counts, in whatever order they come.
--
-- The row of template_accounts is locked by whoever writes templates, and by whoever gives the account up
-- (follow_template_account): so nothing of what was known before, or was just being asked, outlives that.

-- follow_template_account: the account of a channel is looked at once there is one, and once something may have become
-- better; of an account without channels of the org's nothing is known any more.
CREATE OR REPLACE FUNCTION follow_template_account() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
BEGIN
    IF NEW.waba_id <> '' AND NEW.status <> 'disabled' THEN
        INSERT INTO template_accounts AS a (org_id, waba_id, due_at) VALUES (NEW.org_id, NEW.waba_id, clock_timestamp())
        ON CONFLICT (org_id, waba_id) DO UPDATE SET due_at = excluded.due_at, look_id = NULL, failures = 0;
    END IF;
    IF TG_OP = 'UPDATE' AND NOT EXISTS (SELECT FROM channels c WHERE c.org_id = OLD.org_id AND c.waba_id = OLD.waba_id
                                                                 AND c.status <> 'disabled') THEN
        PERFORM FROM template_accounts a WHERE a.org_id = OLD.org_id AND a.waba_id = OLD.waba_id FOR UPDATE;
        DELETE FROM templates t WHERE t.org_id = OLD.org_id AND t.waba_id = OLD.waba_id;
        DELETE FROM template_accounts a WHERE a.org_id = OLD.org_id AND a.waba_id = OLD.waba_id;
    END IF;
    RETURN NULL;
END $$;

-- placeholders_of: the names, or numbers, of the parameters in a text, each once.
CREATE OR REPLACE FUNCTION placeholders_of(p_text text) RETURNS text[]
LANGUAGE sql IMMUTABLE
RETURN ARRAY(SELECT DISTINCT m[1] FROM regexp_matches(p_text, '\{\{\s*([A-Za-z0-9_]+)\s*\}\}', 'g') m);

-- elements_of: the elements of a JSON array, in order; of what is none no row.
CREATE OR REPLACE FUNCTION elements_of(p_array json) RETURNS TABLE (it json, n bigint)
LANGUAGE sql IMMUTABLE AS $$
    SELECT e.value, e.ordinality - 1
      FROM json_array_elements(CASE json_typeof(p_array) WHEN 'array' THEN p_array ELSE '[]' END) WITH ORDINALITY e;
$$;

-- parameter_format_of: NAMED or POSITIONAL, also where Meta does not say.
CREATE OR REPLACE FUNCTION parameter_format_of(p_said text, p_components json) RETURNS text
LANGUAGE sql IMMUTABLE
RETURN CASE WHEN p_said IN ('NAMED', 'POSITIONAL') THEN p_said
            WHEN EXISTS (SELECT FROM elements_of(p_components) c CROSS JOIN unnest(placeholders_of(c.it ->> 'text')) p
                          WHERE p !~ '^[0-9]+$') THEN 'NAMED'
            ELSE 'POSITIONAL' END;

-- parameters_as_words: parameters of one part as template_wants has them: named ones each, others by their number.
CREATE OR REPLACE FUNCTION parameters_as_words(p_part text, p_names text[], p_is_named boolean) RETURNS SETOF text
LANGUAGE sql IMMUTABLE AS $$
    SELECT p_part || ' ' || n FROM unnest(p_names) n WHERE p_is_named
    UNION ALL
    SELECT p_part || ' ' || cardinality(p_names) WHERE NOT p_is_named AND cardinality(p_names) > 0;
$$;

-- template_wants: the parameters that a message must bring, in order: 'body 2', 'body first_name', 'header image',
-- 'button 0 url'. NULL: that cannot be told, as it has parts that we do not know, or is not as Meta will have it.
CREATE OR REPLACE FUNCTION template_wants(p_components json, p_is_named boolean) RETURNS text[]
LANGUAGE sql IMMUTABLE AS $$
    WITH part AS (
        SELECT c.it, upper(c.it ->> 'type') AS type, upper(coalesce(c.it ->> 'format', 'TEXT')) AS format
          FROM elements_of(p_components) c
    ), button AS (
        SELECT b.it, b.n, upper(b.it ->> 'type') AS type
          FROM part p CROSS JOIN elements_of(p.it -> 'buttons') b WHERE p.type = 'BUTTONS'
    ), word (it) AS (
        SELECT parameters_as_words(lower(p.type), placeholders_of(p.it ->> 'text'), p_is_named)
          FROM part p WHERE p.type = 'BODY' OR p.type = 'HEADER' AND p.format = 'TEXT'
        UNION ALL
        SELECT 'header ' || lower(p.format) FROM part p WHERE p.type = 'HEADER' AND p.format <> 'TEXT'
        UNION ALL
        SELECT format('button %s %s', b.n, lower(b.type)) FROM button b
         WHERE b.type = 'COPY_CODE' OR b.type = 'URL' AND placeholders_of(b.it ->> 'url') <> '{}'
    )
    SELECT CASE WHEN EXISTS (SELECT FROM part p WHERE p.type = 'BODY')
                 AND NOT EXISTS (SELECT FROM part p
                                  WHERE coalesce(p.type NOT IN ('HEADER', 'BODY', 'FOOTER', 'BUTTONS'), true)
                                     OR p.type = 'BODY' AND p.it ->> 'text' IS NULL
                                     OR p.type = 'HEADER'
                                        AND p.format NOT IN ('TEXT', 'IMAGE', 'VIDEO', 'DOCUMENT', 'LOCATION'))
                 AND NOT EXISTS (SELECT FROM button b WHERE coalesce(b.type = 'OTP', true))
                THEN ARRAY(SELECT w.it FROM word w ORDER BY w.it COLLATE "C") END;
$$;

-- template_gives: the parameters that a message brings, likewise. (What a quick reply or a flow brings it may leave out.) In
-- PL/pgSQL, which plans it once.
CREATE OR REPLACE FUNCTION template_gives(p_components json, p_is_named boolean) RETURNS text[]
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    c_media CONSTANT text[] := '{image,video,document,location}';
    v_words text[] := '{}';
    v_part  record;
BEGIN
    IF json_typeof(p_components) IS DISTINCT FROM 'array' THEN
        RETURN v_words;
    END IF;
    FOR v_part IN
        SELECT lower(c ->> 'type') AS type, c ->> 'index' AS index, lower(c ->> 'sub_type') AS sub_type,
               array_agg(coalesce(p ->> 'parameter_name', '?')) FILTER (WHERE p ->> 'type' <> ALL (c_media)) AS texts,
               array_agg('header ' || (p ->> 'type')) FILTER (WHERE p ->> 'type' = ANY (c_media)) AS media
          FROM json_array_elements(p_components) WITH ORDINALITY AS e (c, n)
         CROSS JOIN json_array_elements(CASE json_typeof(c -> 'parameters') WHEN 'array' THEN c -> 'parameters'
                                             ELSE '[]' END) p
         GROUP BY n, 1, 2, 3
    LOOP
        IF v_part.type = 'button' AND v_part.sub_type IN ('url', 'copy_code') AND v_part.texts IS NOT NULL THEN
            v_words := v_words || format('button %s %s', v_part.index, v_part.sub_type);
        ELSIF v_part.type IN ('header', 'body') AND v_part.texts IS NOT NULL THEN
            v_words := v_words || CASE WHEN p_is_named THEN ARRAY(SELECT v_part.type || ' ' || t FROM unnest(v_part.texts) t)
                                       ELSE ARRAY[v_part.type || ' ' || cardinality(v_part.texts)] END;
        END IF;
        IF v_part.type = 'header' THEN
            v_words := v_words || coalesce(v_part.media, '{}');
        END IF;
    END LOOP;
    RETURN CASE WHEN cardinality(v_words) < 2 THEN v_words
                ELSE ARRAY(SELECT w FROM unnest(v_words) w ORDER BY w COLLATE "C") END;
END $$;

-- short_ascii: a text of up to 240 characters, as an answer to a send can carry it.
CREATE OR REPLACE FUNCTION short_ascii(p_text text) RETURNS text
LANGUAGE sql IMMUTABLE
RETURN left(regexp_replace(p_text, '[^ -~]', '?', 'g'), 240);

-- fault_of_template: why Meta would not take a message of this template, as far as we know; NULL: nothing speaks against
-- it. We know what it has told within a day: after that a pause may be over, and a template be there. (docs/sending.md)
CREATE OR REPLACE FUNCTION fault_of_template(p_org_id uuid, p_waba_id text, p_payload text, p_is_later boolean,
                                             p_now timestamptz) RETURNS template_fault
LANGUAGE plpgsql STABLE AS $$
DECLARE
    c_known    CONSTANT interval := '1 day';
    v_sent     CONSTANT json := p_payload::json -> 'template';
    v_is_fresh boolean;
    v_template record;
    v_gives    text[];
BEGIN
    v_is_fresh := (SELECT a.looked_at > p_now - c_known FROM template_accounts a
                    WHERE a.org_id = p_org_id AND a.waba_id = p_waba_id);
    SELECT t.status, t.status_as_of > p_now - c_known OR v_is_fresh AS is_fresh, t.reason_says,
           CASE WHEN t.content_as_of > p_now - c_known OR v_is_fresh THEN t.wants END AS wants,
           t.parameter_format = 'NAMED' AS is_named INTO v_template
      FROM templates t
     WHERE t.org_id = p_org_id AND t.waba_id = p_waba_id AND t.name = v_sent ->> 'name'
       AND t.language = v_sent -> 'language' ->> 'code'
     ORDER BY t.status = 'DELETED', t.n DESC LIMIT 1;
    IF v_template.status = 'DELETED' OR v_template IS NULL AND v_is_fresh THEN
        RETURN ROW('template_not_found', 'The account has no such template in this language')::template_fault;
    ELSIF v_template.is_fresh AND (v_template.status IN ('DISABLED', 'REJECTED')
                                   OR v_template.status = 'PAUSED' AND p_is_later IS NOT TRUE) THEN
        RETURN ROW('template_' || lower(v_template.status),
                   short_ascii('The template is ' || lower(v_template.status) || coalesce(': ' || v_template.reason_says, '')))::template_fault;
    ELSIF v_template.wants IS NOT NULL THEN
        v_gives := template_gives(v_sent -> 'components', v_template.is_named);
        IF v_gives <> v_template.wants THEN
            RETURN ROW('template_parameters',
                       short_ascii(format('The template wants %s, and the message brings %s',
                              coalesce(nullif(array_to_string(v_template.wants, ', '), ''), 'no parameters'),
                              coalesce(nullif(array_to_string(v_gives, ', '), ''), 'none'))))::template_fault;
        END IF;
    END IF;
    RETURN NULL;
END $$;

-- word_of: a word of Meta's as it is kept; NULL: it is none, or NONE.
CREATE OR REPLACE FUNCTION word_of(p_value json) RETURNS text
LANGUAGE sql IMMUTABLE
RETURN CASE WHEN json_typeof(p_value) = 'string' THEN left(nullif(nullif(p_value #>> '{}', 'NONE'), ''), 64) END;

-- read_templates: what Meta's list says of each template, as far as it is as Meta's lists are.
CREATE OR REPLACE FUNCTION read_templates(p_templates json)
RETURNS TABLE (id text, name text, language text, status text, reason text, category text, quality text,
               parameter_format text, components json, wants text[])
LANGUAGE sql IMMUTABLE AS $$
    SELECT DISTINCT ON (t.it ->> 'id') t.it ->> 'id', t.it ->> 'name', t.it ->> 'language', word_of(t.it -> 'status'),
           word_of(t.it -> 'rejected_reason'), word_of(t.it -> 'category'), word_of(t.it -> 'quality_score' -> 'score'),
           f.format, t.it -> 'components', template_wants(t.it -> 'components', f.format = 'NAMED')
      FROM elements_of(p_templates) t
     CROSS JOIN LATERAL (SELECT parameter_format_of(t.it ->> 'parameter_format', t.it -> 'components') AS format) f
     WHERE t.it ->> 'id' ~ '^[1-9][0-9]{0,31}$' AND length(t.it ->> 'name') <= 512 AND length(t.it ->> 'language') <= 32
       AND word_of(t.it -> 'status') IS NOT NULL
     ORDER BY t.it ->> 'id', t.n;
$$;

-- tell_template_status: tells orgs that ask for it that templates have another status than before; p_formers NULL: it is new.
CREATE OR REPLACE FUNCTION tell_template_status(p_org_id uuid, p_ids text[], p_formers text[]) RETURNS void
LANGUAGE sql AS $$
    SELECT tell_events(array_agg(t.org_id), '{template.status}', NULL, NULL, NULL, array_agg(jsonb_build_object(
               'template_id', t.id, 'waba_id', t.waba_id, 'name', t.name, 'language', t.language, 'status', t.status,
               'former_status', i.former, 'reason', t.reason, 'reason_says', t.reason_says, 'category', t.category,
               'quality', t.quality) ORDER BY i.n))
      FROM unnest(p_ids, p_formers) WITH ORDINALITY AS i (id, former, n)
      JOIN templates t ON t.org_id = p_org_id AND t.id = i.id
    HAVING count(*) > 0;
$$;

-- keep_templates: what Meta's list said then counts, of each fact unless a newer word on it is known. The caller has
-- locked the account's row. (What says nothing new is not written.)
CREATE OR REPLACE FUNCTION keep_templates(p_org_id uuid, p_waba_id text, p_as_of timestamptz, p_templates json)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v_told record;
BEGIN
    WITH said AS MATERIALIZED (
        SELECT s.*, b.status AS former FROM read_templates(p_templates) s
          LEFT JOIN templates b ON b.org_id = p_org_id AND b.id = s.id
    ), kept AS (
        INSERT INTO templates AS t (org_id, waba_id, id, name, language, status, reason, status_as_of, category,
                                    category_as_of, quality, quality_as_of, parameter_format, components, content_as_of,
                                    wants, seen_at)
        SELECT p_org_id, p_waba_id, s.id, s.name, s.language, s.status, s.reason, p_as_of, s.category, p_as_of,
               s.quality, p_as_of, s.parameter_format, s.components, p_as_of, s.wants, p_as_of
          FROM said s ORDER BY s.id
        ON CONFLICT (org_id, id) DO UPDATE SET
            waba_id = p_waba_id, name = excluded.name, language = excluded.language,
            seen_at = greatest(t.seen_at, p_as_of),
            (status, reason, reason_says, status_as_of)
              = (SELECT CASE WHEN f.new THEN excluded.status ELSE t.status END,
                        CASE WHEN NOT f.new THEN t.reason WHEN t.status = excluded.status
                             THEN coalesce(excluded.reason, t.reason) ELSE excluded.reason END,
                        CASE WHEN NOT f.new OR t.status = excluded.status THEN t.reason_says END,
                        greatest(t.status_as_of, p_as_of) FROM (SELECT t.status_as_of <= p_as_of) f (new)),
            (category, category_as_of) = (SELECT CASE WHEN t.category_as_of <= p_as_of THEN excluded.category
                                                      ELSE t.category END, greatest(t.category_as_of, p_as_of)),
            (quality, quality_as_of) = (SELECT CASE WHEN t.quality_as_of <= p_as_of THEN excluded.quality ELSE t.quality END,
                                               greatest(t.quality_as_of, p_as_of)),
            (parameter_format, components, wants, content_as_of)
              = (SELECT CASE WHEN f.new THEN excluded.parameter_format ELSE t.parameter_format END,
                        CASE WHEN f.new THEN excluded.components ELSE t.components END,
                        CASE WHEN f.new THEN excluded.wants ELSE t.wants END,
                        greatest(t.content_as_of, p_as_of) FROM (SELECT t.content_as_of <= p_as_of) f (new))
         WHERE (t.waba_id, t.name, t.language, t.status, coalesce(excluded.reason, t.reason), t.category, t.quality,
                t.parameter_format, t.components::text, t.wants) IS DISTINCT FROM
               (p_waba_id, excluded.name, excluded.language, excluded.status, t.reason, excluded.category,
                excluded.quality, excluded.parameter_format, excluded.components::text, excluded.wants)
        RETURNING t.id, t.status
    )
    SELECT array_agg(k.id) AS ids, array_agg(s.former) AS formers INTO v_told
      FROM kept k JOIN said s ON s.id = k.id WHERE s.former <> k.status;
    PERFORM tell_template_status(p_org_id, v_told.ids, v_told.formers);
END $$;

-- learn_of_template: what a notice says of a template counts, whatever its field is called; and Meta is asked for the
-- rest in a minute, by when its answers say the same. Waits for nobody, as act_on_notice.
CREATE OR REPLACE FUNCTION learn_of_template(p_notice account_notices) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    c_soon   CONSTANT interval := '1 minute';
    v_value  CONSTANT json := CASE WHEN is_of_template(p_notice.value) THEN p_notice.value END;
    v_id     CONSTANT text := v_value ->> 'message_template_id';
    v_as_of  CONSTANT timestamptz := p_notice.told_at + interval '1 second';
    v_status CONSTANT text := status_in_notice(v_value);
    v_former text;
BEGIN
    PERFORM FROM template_accounts a WHERE v_value IS NOT NULL AND a.org_id = p_notice.org_id AND a.waba_id = p_notice.waba_id
        FOR UPDATE NOWAIT;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    UPDATE template_accounts a SET due_at = least(a.due_at, clock_timestamp() + c_soon)
     WHERE a.org_id = p_notice.org_id AND a.waba_id = p_notice.waba_id;
    v_former := (SELECT t.status FROM templates t WHERE t.org_id = p_notice.org_id AND t.id = v_id);
    IF v_former IS NULL AND v_status <> 'DELETED' AND v_value ->> 'message_template_name' <> ''
       AND v_value ->> 'message_template_language' <> '' THEN
        INSERT INTO templates (org_id, waba_id, id, name, language, status, status_as_of, category_as_of, quality_as_of,
                               content_as_of, seen_at)
        VALUES (p_notice.org_id, p_notice.waba_id, v_id, left(v_value ->> 'message_template_name', 512),
                left(v_value ->> 'message_template_language', 32), v_status, '-infinity', '-infinity', '-infinity',
                '-infinity', v_as_of);
    END IF;
    UPDATE templates t
       SET (status, reason, reason_says, status_as_of) = (SELECT s.* FROM said_of_status(t, v_value, v_as_of) s),
           (category, category_as_of) = (SELECT coalesce(c.said, t.category),
                                                CASE WHEN c.said IS NULL THEN t.category_as_of ELSE v_as_of END
                                           FROM (SELECT CASE WHEN t.category_as_of <= v_as_of
                                                             THEN category_in_notice(v_value) END) c (said)),
           (quality, quality_as_of) = (SELECT coalesce(q.said, t.quality),
                                              CASE WHEN q.said IS NULL THEN t.quality_as_of ELSE v_as_of END
                                         FROM (SELECT CASE WHEN t.quality_as_of <= v_as_of
                                                           THEN word_of(v_value -> 'new_quality_score') END) q (said)),
           seen_at = greatest(t.seen_at, v_as_of)
     WHERE t.org_id = p_notice.org_id AND t.id = v_id;
    PERFORM tell_template_status(p_notice.org_id, ARRAY[t.id], ARRAY[v_former]) FROM templates t
      WHERE t.org_id = p_notice.org_id AND t.id = v_id AND t.status IS DISTINCT FROM v_former;
END $$;

-- is_of_template: is it a word on a template, one that has an id?
CREATE OR REPLACE FUNCTION is_of_template(p_value json) RETURNS boolean
LANGUAGE sql IMMUTABLE
RETURN coalesce(p_value ->> 'message_template_id' ~ '^[1-9][0-9]{0,31}$', false);

-- status_in_notice: the status that a notice says; NULL: none. (FLAGGED only warns.)
CREATE OR REPLACE FUNCTION status_in_notice(p_value json) RETURNS text
LANGUAGE sql IMMUTABLE
RETURN CASE word_of(p_value -> 'event') WHEN 'REINSTATED' THEN 'APPROVED' WHEN 'FLAGGED' THEN NULL
            ELSE word_of(p_value -> 'event') END;

-- category_in_notice: the category that it has from now on; NULL: it stays, for now.
CREATE OR REPLACE FUNCTION category_in_notice(p_value json) RETURNS text
LANGUAGE sql IMMUTABLE
RETURN coalesce(CASE WHEN word_of(p_value -> 'previous_category') IS NOT NULL THEN word_of(p_value -> 'new_category') END,
                CASE WHEN status_in_notice(p_value) IS NOT NULL THEN word_of(p_value -> 'message_template_category') END);

-- said_of_status: the status of a template, and why it has it, after such a notice.
CREATE OR REPLACE FUNCTION said_of_status(p_template templates, p_value json, p_as_of timestamptz,
                                          OUT status text, OUT reason text, OUT reason_says text, OUT as_of timestamptz)
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    IF status_in_notice(p_value) IS NULL OR p_template.status_as_of > p_as_of THEN
        status := p_template.status;
        reason := p_template.reason;
        reason_says := p_template.reason_says;
        as_of := p_template.status_as_of;
    ELSE
        status := status_in_notice(p_value);
        reason := coalesce(word_of(p_value -> 'reason'), word_of(p_value -> 'other_info' -> 'title'));
        reason_says := left(nullif(concat_ws(' ', p_value -> 'rejection_info' ->> 'reason',
                                             p_value -> 'rejection_info' ->> 'recommendation',
                                             p_value -> 'other_info' ->> 'description'), ''), 1024);
        as_of := p_as_of;
    END IF;
END $$;

-- forget_templates: what Meta's whole list did not have, and nobody has told of since, is gone.
CREATE OR REPLACE FUNCTION forget_templates(p_org_id uuid, p_waba_id text, p_as_of timestamptz, p_ids json) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    v_gone  text[] := ARRAY(
        SELECT t.id FROM templates t
         WHERE t.org_id = p_org_id AND t.waba_id = p_waba_id AND t.seen_at < p_as_of
        EXCEPT SELECT i.it #>> '{}' FROM elements_of(p_ids) i);
    v_told  record;
BEGIN
    SELECT array_agg(t.id) AS ids, array_agg(t.status) AS formers INTO v_told FROM templates t
     WHERE t.org_id = p_org_id AND t.id = ANY (v_gone) AND t.status <> 'DELETED';
    UPDATE templates t SET status = 'DELETED', reason = NULL, reason_says = NULL
     WHERE t.org_id = p_org_id AND t.id = ANY (v_told.ids);
    PERFORM tell_template_status(p_org_id, v_told.ids, v_told.formers);
    DELETE FROM templates t WHERE t.org_id = p_org_id AND t.id = ANY (v_gone);
END $$;
