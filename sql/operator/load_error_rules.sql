-- load_error_rules: loads the rules from the temporary table error_rules_csv, which holds
-- sql/error_rules.csv column by column as text; codes and subcode are read out of the outcome. A rule that has not
-- changed keeps its updated_at; one that is no longer in the file is deleted. One that was changed by hand stays as it
-- is. Returns how many rules there are.
CREATE OR REPLACE FUNCTION load_error_rules() RETURNS integer
LANGUAGE plpgsql AS $$
BEGIN
    CREATE TEMP TABLE error_rules_new ON COMMIT DROP AS
    SELECT outcome,
           substring(outcome FROM '^([0-9]+)(?:-[0-9]+)?(?:/[0-9]+)?(?: .*)?$')::integer AS first_code,
           substring(outcome FROM '^(?:[0-9]+-)?([0-9]+)(?:/[0-9]+)?(?: .*)?$')::integer AS last_code,
           substring(outcome FROM '^[-0-9]+/([0-9]+)')::bigint AS subcode, nullif(words, '') AS words,
           nullif(advice, '') AS advice, nullif(http, '') AS http, title, meaning, class,
           refundable = 'yes' AS refundable, retry, action, unconfirmed = 'yes' AS unconfirmed, source
      FROM error_rules_csv;
    IF NOT EXISTS (SELECT FROM error_rules_new WHERE outcome = 'default') THEN
        RAISE EXCEPTION 'sql/error_rules.csv has no row "default"';
    END IF;
    PERFORM set_config('tollgate.loading', 'yes', true); -- the file has its own history
    DELETE FROM error_rules r WHERE r.changed_at IS NULL AND NOT EXISTS (
        SELECT FROM error_rules_new n WHERE to_jsonb(n) = to_jsonb(r) - '{updated_at,changed_at}'::text[]);
    -- (Not as of the beginning of this transaction: until its tables were locked, the former rules counted.)
    INSERT INTO error_rules (outcome, first_code, last_code, subcode, words, advice, http, title, meaning, class,
                             refundable, retry, action, unconfirmed, source, updated_at)
    SELECT n.*, clock_timestamp() FROM error_rules_new n ON CONFLICT (outcome) DO NOTHING;
    PERFORM set_config('tollgate.loading', '', true);
    DROP TABLE error_rules_new;
    RETURN (SELECT count(*) FROM error_rules);
END $$;
