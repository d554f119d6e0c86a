-- load_error_rules: loads the rules from the temporary table error_rules_csv, which holds
-- sql/error_rules.csv column by column as text. A rule that has not changed keeps its updated_at; one that
-- is no longer in the file is deleted. Returns how many rules there are.
CREATE OR REPLACE FUNCTION load_error_rules() RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
    v_rules integer;
BEGIN
    CREATE TEMP TABLE error_rules_new ON COMMIT DROP AS
    SELECT outcome,
           substring(outcome FROM '^([0-9]+)(?:-[0-9]+)?$')::integer AS first_code,
           substring(outcome FROM '^(?:[0-9]+-)?([0-9]+)$')::integer AS last_code,
           nullif(http, '') AS http, title, meaning, class, refundable = 'yes' AS refundable, retry,
           action, unconfirmed = 'yes' AS unconfirmed, source
      FROM error_rules_csv;
    IF NOT EXISTS (SELECT FROM error_rules_new WHERE outcome = 'default') THEN
        RAISE EXCEPTION 'sql/error_rules.csv has no row "default"';
    END IF;
    DELETE FROM error_rules r WHERE NOT EXISTS (
        SELECT FROM error_rules_new n WHERE n.outcome = r.outcome);
    INSERT INTO error_rules AS r (outcome, first_code, last_code, http, title, meaning, class,
                                  refundable, retry, action, unconfirmed, source)
    SELECT outcome, first_code, last_code, http, title, meaning, class, refundable, retry, action,
           unconfirmed, source
      FROM error_rules_new
    ON CONFLICT (outcome) DO UPDATE
       SET (first_code, last_code, http, title, meaning, class, refundable, retry, action,
            unconfirmed, source, updated_at)
         = (excluded.first_code, excluded.last_code, excluded.http, excluded.title, excluded.meaning,
            excluded.class, excluded.refundable, excluded.retry, excluded.action,
            excluded.unconfirmed, excluded.source, now())
     WHERE (r.first_code, r.last_code, r.http, r.title, r.meaning, r.class, r.refundable, r.retry,
            r.action, r.unconfirmed, r.source)
        IS DISTINCT FROM
           (excluded.first_code, excluded.last_code, excluded.http, excluded.title,
            excluded.meaning, excluded.class, excluded.refundable, excluded.retry, excluded.action,
            excluded.unconfirmed, excluded.source);
    SELECT count(*) INTO v_rules FROM error_rules;
    DROP TABLE error_rules_new;
    RETURN v_rules;
END $$;
