-- A change of an org's rules, whoever makes it, raises its rules_version, which tells workers to read them again.
CREATE OR REPLACE FUNCTION raise_rules_version() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
BEGIN
    UPDATE organizations o SET rules_version = o.rules_version + 1
     WHERE o.id IN (SELECT r.org_id FROM changed r);
    RETURN NULL;
END $$;

-- read_reply: a rule's reply as JSON: a text, or a Cloud API message object. Whatever is no JSON, or a mere number,
-- is a text; but what looks like JSON and is none is nothing that a customer should read.
CREATE OR REPLACE FUNCTION read_reply(p_reply text) RETURNS json
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    v_json json;
BEGIN
    BEGIN
        v_json := p_reply::json;
    EXCEPTION WHEN invalid_text_representation THEN
        IF p_reply ~ '^\s*(\{\s*["}]|\[\s*["{[]|".*"\s*$)' THEN
            RAISE invalid_text_representation
                USING MESSAGE = 'reply looks like JSON, and is none', DETAIL = SQLERRM,
                      HINT = 'It is a plain text, a JSON string or a Cloud API message object.';
        END IF;
        v_json := to_json(p_reply);
    END;
    IF json_typeof(v_json) IN ('number', 'boolean') THEN
        v_json := to_json(p_reply);
    END IF;
    IF json_typeof(v_json) NOT IN ('string', 'object')
       OR json_typeof(v_json) = 'string' AND v_json::text ~ '^"(\\[nrt]|\s)*"$' THEN
        RAISE check_violation USING MESSAGE = 'reply must be a text or a Cloud API message object';
    END IF;
    RETURN v_json;
END $$;

-- unknown_placeholder: the first in a reply that stands for nothing; NULL: there is none. Braces around anything but
-- a word (and, behind a |, what stands there for who has none) are no placeholder.
CREATE OR REPLACE FUNCTION unknown_placeholder(p_reply text) RETURNS text
LANGUAGE sql IMMUTABLE
RETURN coalesce(substring(p_reply FROM '\{\{\s*[[:alnum:]_][[:alnum:]_. -]*(?:\|[^{}]*)?\}\}'),
                substring(regexp_replace(p_reply, '\{name(\|[^{}]+)?\}', '', 'g')
                          FROM '\{\s*[[:alnum:]_][[:alnum:]_. -]*(?:\|[^{}]*)?\}'));

-- judge_rule: what PostgreSQL itself can tell of a rule that is written. The rest a worker does, and until then
-- it is not tried (worker/take_rules_to_check.sql).
CREATE OR REPLACE FUNCTION judge_rule() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
DECLARE
    v_same boolean;
BEGIN
    NEW.reply := read_reply(NEW.reply)::text;
    IF unknown_placeholder(NEW.reply) IS NOT NULL THEN
        RAISE check_violation USING
            MESSAGE = format('reply has %s, which stands for nothing', unknown_placeholder(NEW.reply)),
            HINT = '{name} is the contact''s name; {name|friend} has friend for who has none.';
    END IF;
    IF fault_of_hours(NEW.hours) IS NOT NULL THEN
        RAISE check_violation USING MESSAGE = fault_of_hours(NEW.hours);
    END IF;
    -- As many as a worker reads (TG_RULES_MAX).
    IF NEW.active AND (TG_OP = 'INSERT' OR NOT OLD.active)
       AND (SELECT count(*) FROM automation_rules r WHERE r.org_id = NEW.org_id AND r.active) >= 500 THEN
        RAISE check_violation USING MESSAGE = 'an org has 500 active rules at the most';
    END IF;
    IF TG_OP = 'UPDATE' THEN
        v_same := (NEW.match_kind, NEW.match_on, NEW.pattern, NEW.reply)
                  IS NOT DISTINCT FROM (OLD.match_kind, OLD.match_on, OLD.pattern, OLD.reply);
        IF NOT v_same OR NOT NEW.active THEN
            UPDATE alerts a SET resolved_at = now()
             WHERE a.org_id = NEW.org_id AND a.rule_id = NEW.id AND a.resolved_at IS NULL;
        END IF;
        IF v_same AND (NEW.state <> 'refused' OR OLD.active) THEN
            RETURN NEW;
        END IF;
    END IF;
    NEW.state := 'unchecked';
    NEW.written_at := now();
    NEW.refused_for := NULL;
    RETURN NEW;
END $$;
