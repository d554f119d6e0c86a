-- Versions of rules: what each was (rule_versions), who made it so, and when.

-- content_of_rule: what a version keeps of a rule: all but whose it is, its place and its state.
CREATE OR REPLACE FUNCTION content_of_rule(p_rule automation_rules) RETURNS jsonb
LANGUAGE sql IMMUTABLE
RETURN to_jsonb(p_rule) - '{org_id,id,priority,state,refused_for,written_at,created_at,version,changed_at,changed_by}'::text[];

-- count_rule_version: a rule that is made, or changed in what it does, has its next version. One that comes again under
-- the id of one that was deleted goes on from there.
CREATE OR REPLACE FUNCTION count_rule_version() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND content_of_rule(OLD) = content_of_rule(NEW) THEN
        NEW.version := OLD.version;
        NEW.changed_at := OLD.changed_at;
        NEW.changed_by := OLD.changed_by;
        RETURN NEW;
    END IF;
    NEW.version := CASE WHEN TG_OP = 'UPDATE' THEN OLD.version
                        ELSE coalesce((SELECT max(v.version) FROM rule_versions v
                                        WHERE v.org_id = NEW.org_id AND v.rule_id = NEW.id), 0) END + 1;
    NEW.changed_at := now();
    NEW.changed_by := current_actor();
    RETURN NEW;
END $$;

-- keep_rule_version: keeps it.
CREATE OR REPLACE FUNCTION keep_rule_version() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
BEGIN
    IF TG_OP = 'INSERT' OR NEW.version <> OLD.version THEN
        INSERT INTO rule_versions (org_id, rule_id, version, rule, changed_at, changed_by)
        VALUES (NEW.org_id, NEW.id, NEW.version, content_of_rule(NEW), NEW.changed_at, NEW.changed_by);
    END IF;
    RETURN NULL;
END $$;

-- restored_rule: makes a rule what it was in that version, which gives it a new one. A rule that was deleted is there again.
CREATE OR REPLACE FUNCTION restored_rule(p_org_id uuid, p_id uuid, p_version bigint) RETURNS automation_rules
LANGUAGE plpgsql AS $$
DECLARE
    v_rule automation_rules;
    v_was  CONSTANT jsonb := (SELECT v.rule FROM rule_versions v
                               WHERE v.org_id = p_org_id AND v.rule_id = p_id AND v.version = p_version);
BEGIN
    IF v_was IS NULL THEN
        PERFORM refuse('not_found', NULL, 'The org''s rule has no such version');
    END IF;
    SELECT * INTO v_rule FROM automation_rules r WHERE r.org_id = p_org_id AND r.id = p_id FOR NO KEY UPDATE;
    IF FOUND THEN
        RETURN stored_rule(jsonb_populate_record(v_rule, v_was));
    END IF;
    v_rule := jsonb_populate_record(new_rule(p_org_id), v_was);
    v_rule.id := p_id;
    RETURN added_rule(v_rule);
END $$;

-- placed_rule: puts a rule before or behind another, or first or last. As few as can be get another priority.
CREATE OR REPLACE FUNCTION placed_rule(p_org_id uuid, p_id uuid, p_body json) RETURNS automation_rules
LANGUAGE plpgsql AS $$
DECLARE
    v_rule  automation_rules;
    v_other CONSTANT uuid := coalesce(p_body ->> 'before', p_body ->> 'after')::uuid;
    v_rest  automation_rules[]; -- all the others, as they are tried
    v_place integer;            -- behind so many of them
    v_low   bigint;             -- the priorities between which there must be one
    v_high  bigint;
BEGIN
    IF num_nonnulls(p_body ->> 'before', p_body ->> 'after', p_body ->> 'place') <> 1 THEN
        PERFORM refuse('invalid_field', 'place', 'Give one of before, after and place');
    END IF;
    PERFORM FROM automation_rules r WHERE r.org_id = p_org_id ORDER BY r.id FOR NO KEY UPDATE;
    v_rule := rule_of(p_org_id, p_id);
    v_rest := ARRAY(SELECT r FROM automation_rules r WHERE r.org_id = p_org_id AND r.id <> p_id
                     ORDER BY r.priority, r.created_at, r.id);
    v_place := CASE p_body ->> 'place' WHEN 'first' THEN 0 WHEN 'last' THEN cardinality(v_rest)
                    ELSE (SELECT u.ordinality - (p_body ->> 'before' IS NOT NULL)::integer
                            FROM unnest(v_rest) WITH ORDINALITY u WHERE u.id = v_other) END;
    IF v_place IS NULL THEN
        PERFORM refuse('not_found', CASE WHEN p_body ->> 'before' IS NOT NULL THEN 'before' ELSE 'after' END,
                       'The org has no such other rule');
    END IF;
    v_low := CASE WHEN v_place > 0 THEN (v_rest[v_place]).priority ELSE -1 END;
    v_high := CASE WHEN v_place < cardinality(v_rest) THEN (v_rest[v_place + 1]).priority ELSE v_low + 20 END;
    IF v_high - v_low >= 2 AND (v_low + v_high) / 2 < 2147483647 THEN
        UPDATE automation_rules r SET priority = (v_low + v_high) / 2 WHERE r.org_id = p_org_id AND r.id = p_id;
    ELSE
        UPDATE automation_rules r SET priority = n.priority
          FROM (SELECT u.id, 10 * (u.ordinality + (u.ordinality > v_place)::integer)::integer AS priority
                  FROM unnest(v_rest) WITH ORDINALITY u
                UNION ALL
                SELECT p_id, 10 * (v_place + 1)) n
         WHERE r.org_id = p_org_id AND r.id = n.id AND r.priority <> n.priority;
    END IF;
    RETURN rule_of(p_org_id, p_id);
END $$;
