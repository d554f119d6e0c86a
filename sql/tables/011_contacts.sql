-- One person, known in several ways: one contact.

ALTER TABLE organizations ADD COLUMN default_country text CHECK (default_country ~ '^[A-Z]{2}$');
COMMENT ON COLUMN organizations.default_country IS
    'Where numbers that are given without country code are meant to be: ISO 3166-1; null: they are refused.';

ALTER TABLE contacts ADD COLUMN merged_into bigint;
COMMENT ON COLUMN contacts.merged_into IS
    'The contact that this one turned out to be, and which stands for it; null: it stands for itself.';
CREATE INDEX contacts_merged ON contacts (org_id, merged_into) WHERE merged_into IS NOT NULL;
-- (Not looked for in the rows that are there: they had to be stricter.)
ALTER TABLE contacts DROP CONSTRAINT contacts_check,
    ADD CONSTRAINT contacts_check
    CHECK (phone IS NOT NULL OR user_id IS NOT NULL OR merged_into IS NOT NULL) NOT VALID;

ALTER TYPE inbound_item ADD ATTRIBUTE new_user_id text;
