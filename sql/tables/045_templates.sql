-- Templates of orgs' business accounts, as Meta has them; and what becomes of sends that Meta would refuse for theirs.

CREATE TABLE template_accounts (
    org_id        uuid NOT NULL REFERENCES organizations (id),
    waba_id       text NOT NULL,
    due_at        timestamptz NOT NULL DEFAULT now(),
    look_id       uuid,
    asked_at      timestamptz,
    looked_at     timestamptz,
    failed_at     timestamptz,
    failures      integer NOT NULL DEFAULT 0 CHECK (failures >= 0),
    error_code    text CHECK (length(error_code) <= 64),
    error_message text CHECK (length(error_message) <= 500),
    PRIMARY KEY (org_id, waba_id)
);
COMMENT ON TABLE template_accounts IS
    'Of each business account of an org''s channels when Meta is asked for its templates, and how that went '
    '(core/templates.sql). A trigger makes the row with the first channel of the account, and deletes it with the last.';
COMMENT ON COLUMN template_accounts.waba_id IS 'Meta''s id of the account.';
COMMENT ON COLUMN template_accounts.due_at IS 'When Meta is asked next.';
COMMENT ON COLUMN template_accounts.look_id IS
    'The look that is under way, or was given up; null: what comes of one counts no more.';
COMMENT ON COLUMN template_accounts.asked_at IS 'When the last look began; null: none has.';
COMMENT ON COLUMN template_accounts.looked_at IS
    'When the last one began that has had all of Meta''s list; null: none has, and what is not here may be there.';
COMMENT ON COLUMN template_accounts.failed_at IS 'When the last one began, if it failed; null: it did not.';
COMMENT ON COLUMN template_accounts.failures IS 'How many have failed one after the other.';
COMMENT ON COLUMN template_accounts.error_code IS 'Why the last one failed: Meta''s code, or a word of ours. Null: it did not.';
COMMENT ON COLUMN template_accounts.error_message IS 'The same for people.';
CREATE INDEX template_accounts_due ON template_accounts (due_at);

CREATE TABLE templates (
    org_id           uuid NOT NULL,
    id               text NOT NULL CHECK (id ~ '^[1-9][0-9]{0,31}$'),
    n                bigint GENERATED ALWAYS AS IDENTITY,
    waba_id          text NOT NULL,
    name             text NOT NULL CHECK (length(name) <= 512),
    language         text NOT NULL CHECK (length(language) <= 32),
    status           text NOT NULL CHECK (length(status) <= 64),
    reason           text CHECK (length(reason) <= 64),
    reason_says      text CHECK (length(reason_says) <= 1024),
    status_as_of     timestamptz NOT NULL,
    category         text CHECK (length(category) <= 64),
    category_as_of   timestamptz NOT NULL,
    quality          text CHECK (length(quality) <= 64),
    quality_as_of    timestamptz NOT NULL,
    parameter_format text,
    components       json,
    content_as_of    timestamptz NOT NULL,
    wants            text[],
    seen_at          timestamptz NOT NULL,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, waba_id) REFERENCES template_accounts (org_id, waba_id)
);
COMMENT ON TABLE templates IS
    'What is known of an org''s templates: the newest word of Meta''s on each, be it a webhook''s, the answer to a look, or '
    'to a change that was passed on. One that is deleted has that status until a look finds it gone.';
COMMENT ON COLUMN templates.id IS 'Meta''s.';
COMMENT ON COLUMN templates.n IS 'Its place in lists.';
COMMENT ON COLUMN templates.waba_id IS 'The account that has it.';
COMMENT ON COLUMN templates.name IS 'By which messages name it, with its language.';
COMMENT ON COLUMN templates.language IS 'As Meta writes it: en_US.';
COMMENT ON COLUMN templates.status IS 'In Meta''s words: APPROVED, PENDING, REJECTED, PAUSED, DISABLED, ...';
COMMENT ON COLUMN templates.reason IS 'Why it has that status, in Meta''s word; null: Meta does not say.';
COMMENT ON COLUMN templates.reason_says IS 'The same for people.';
COMMENT ON COLUMN templates.status_as_of IS 'When it was so.';
COMMENT ON COLUMN templates.category IS 'MARKETING, UTILITY, AUTHENTICATION; null: it is not known.';
COMMENT ON COLUMN templates.category_as_of IS 'When it was so.';
COMMENT ON COLUMN templates.quality IS 'GREEN, YELLOW, RED, UNKNOWN; null: Meta does not say.';
COMMENT ON COLUMN templates.quality_as_of IS 'When it was so.';
COMMENT ON COLUMN templates.parameter_format IS 'NAMED or POSITIONAL; null: it is not known.';
COMMENT ON COLUMN templates.components IS 'As Meta has them, or as they were sent there; null: they are not known.';
COMMENT ON COLUMN templates.content_as_of IS 'When components, parameter_format and wants were so.';
COMMENT ON COLUMN templates.wants IS
    'The parameters that a message must bring, as template_wants writes them; null: that cannot be told.';
COMMENT ON COLUMN templates.seen_at IS
    'When Meta had told of it what stands here; a later look of the account has found the same.';
CREATE INDEX templates_named ON templates (org_id, waba_id, name, language);
CREATE INDEX templates_listed ON templates (org_id, n);

ALTER TABLE organizations
    ADD COLUMN template_check text NOT NULL DEFAULT 'off'
        CONSTRAINT organizations_template_check CHECK (template_check IN ('off', 'warn', 'refuse'));
COMMENT ON COLUMN organizations.template_check IS
    'What is done with a message whose template Meta would refuse, as far as we know: off: it is sent; warn: the same, and '
    'who sends is told; refuse: it is not accepted.';

ALTER TABLE messages ADD COLUMN template_warning text;
COMMENT ON COLUMN messages.template_warning IS
    'It was accepted with the warning that Meta would not take its template, for that; null: with none.';
ALTER TABLE idempotency_keys ADD COLUMN template_warning text;
COMMENT ON COLUMN idempotency_keys.template_warning IS 'As of its message: the first answer said so.';

CREATE TYPE template_fault AS (code text, says text); -- why Meta would not take a template, and the same for people
ALTER TYPE send_item ADD ATTRIBUTE template_fault template_fault; -- null: there is none, or it was not looked at

-- It returns two columns more.
DROP FUNCTION IF EXISTS
    accept_sends(uuid[], uuid[], uuid[], text[], text[], text[], text[], text[], text[], bigint[], bigint[], text[],
                 bytea[], text[]);

INSERT INTO template_accounts (org_id, waba_id)
SELECT DISTINCT c.org_id, c.waba_id FROM channels c
 WHERE c.waba_id IS NOT NULL AND c.waba_id <> '' AND c.status <> 'disabled';
