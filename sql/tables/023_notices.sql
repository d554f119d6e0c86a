-- Newer words on the same matter of the same number are looked up, however many an account has.

ALTER TABLE account_notices ADD COLUMN number text;
COMMENT ON COLUMN account_notices.number IS
    'The number of the account that it is a word on alone, as digits; null: it is on the account.';
UPDATE account_notices n SET number = s.number
  FROM account_notices k
 CROSS JOIN LATERAL (
       SELECT left(nullif(regexp_replace(left(coalesce(k.value ->> 'phone_number', k.value ->> 'display_phone_number'), 64),
                                         '[^0-9]', '', 'g'), ''), 20) AS number) s
 WHERE n.id = k.id AND k.matter IS NOT NULL AND json_typeof(k.value) = 'object';
CREATE INDEX account_notices_newest ON account_notices (waba_id, matter, coalesce(number, ''), told_at, id)
    WHERE matter IS NOT NULL;
DROP INDEX account_notices_matter;
