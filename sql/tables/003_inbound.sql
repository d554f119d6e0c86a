-- What comes back by webhooks: customers' messages, statuses, opt-outs, automatic replies, and what
-- could not be applied.

-- Words that opt a contact out of bulk sends and in again, compared without case to the whole of what a
-- contact writes. rules_version changes with the org's automation rules, so that workers know when to
-- read them again; 0: it never had any.
ALTER TABLE organizations
    ADD COLUMN opt_out_words          text[] NOT NULL DEFAULT '{STOP,UNSUBSCRIBE}',
    ADD COLUMN opt_in_words           text[] NOT NULL DEFAULT '{START}',
    ADD COLUMN replies_per_minute_max integer NOT NULL DEFAULT 5
               CHECK (replies_per_minute_max BETWEEN 0 AND 1000),
    ADD COLUMN rules_version          bigint NOT NULL DEFAULT 0;

-- text to referral: of inbound messages; payload holds Meta's own object. pricing: Meta's, of outbound
-- ones. refund_waived: delivered after a refund, and the balance did not carry the fee again.
ALTER TABLE messages
    ADD COLUMN text          text,
    ADD COLUMN media_id      text,
    ADD COLUMN mime_type     text,
    ADD COLUMN reply_to      text,
    ADD COLUMN referral      json,
    ADD COLUMN pricing       json,
    ADD COLUMN refund_waived boolean NOT NULL DEFAULT false;

-- preference_at: when the contact last opted out or in, by Meta's clock: an older wish that arrives later
-- changes nothing.
ALTER TABLE conversations
    ADD COLUMN first_message_id uuid,
    ADD COLUMN preference_at    timestamptz;
-- Every customer who writes for the first time makes a row: its references are checked set by set from now
-- on (core/tenancy.sql), as on the other hot tables.
ALTER TABLE conversations
    DROP CONSTRAINT conversations_org_id_channel_id_fkey,
    DROP CONSTRAINT conversations_org_id_contact_id_fkey,
    SET (fillfactor = 80);

-- cooldown_s: to one contact the rule replies again after so many seconds at the earliest. daily_cap: how
-- often it replies in one day (UTC), to whomever; null: as often as it matches.
ALTER TABLE automation_rules
    ADD COLUMN cooldown_s integer NOT NULL DEFAULT 0 CHECK (cooldown_s BETWEEN 0 AND 31622400),
    ADD COLUMN daily_cap  integer CHECK (daily_cap >= 0);

-- What a rule made of an inbound message: a reply, or why there is none. A message has one row at the
-- most, however often it is delivered.
CREATE TABLE auto_replies (
    org_id        uuid NOT NULL,
    message_id    uuid NOT NULL,
    channel_id    uuid NOT NULL,
    contact_id    bigint NOT NULL,
    rule_id       uuid,
    reply_id      uuid,
    reply_skipped text,
    created_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (org_id, message_id),
    FOREIGN KEY (message_id, org_id) REFERENCES messages (id, org_id),
    FOREIGN KEY (reply_id, org_id) REFERENCES messages (id, org_id) DEFERRABLE INITIALLY DEFERRED,
    FOREIGN KEY (org_id, rule_id) REFERENCES automation_rules (org_id, id) ON DELETE SET NULL (rule_id),
    CHECK ((reply_id IS NULL) <> (reply_skipped IS NULL))
);
CREATE INDEX auto_replies_contact ON auto_replies (org_id, contact_id, created_at)
    WHERE reply_id IS NOT NULL;
CREATE INDEX auto_replies_rule ON auto_replies (org_id, rule_id);

-- How often a rule with a cap has replied on a day.
CREATE TABLE reply_days (
    org_id  uuid NOT NULL,
    rule_id uuid NOT NULL,
    day     date NOT NULL,
    replies integer NOT NULL,
    PRIMARY KEY (org_id, rule_id, day),
    FOREIGN KEY (org_id, rule_id) REFERENCES automation_rules (org_id, id) ON DELETE CASCADE
);

-- What Meta tells of accounts, numbers and templates, and whatever else is neither a message nor a status
-- that moves one. org_id is null where it cannot be told. digest: of all that makes it this event and no
-- other, so that one that is delivered again stands here once.
CREATE TABLE account_events (
    id              bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    org_id          uuid REFERENCES organizations (id),
    waba_id         text,
    phone_number_id text,
    field           text NOT NULL,
    value           json NOT NULL,
    digest          bytea NOT NULL UNIQUE,
    received_at     timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX account_events_org ON account_events (org_id, id);

-- What could not be applied, each as a webhook body of its own: the one item and its surroundings, or
-- the whole body where not even its items can be told. retry_at: a worker applies it then once more;
-- null: nobody does until replay_dead_events says so.
CREATE TABLE dead_events (
    id              bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    org_id          uuid REFERENCES organizations (id),
    phone_number_id text,
    reason          text NOT NULL,
    body            bytea NOT NULL,
    digest          bytea NOT NULL UNIQUE,
    tries           integer NOT NULL DEFAULT 1,
    retry_at        timestamptz,
    received_at     timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX dead_events_retry ON dead_events (retry_at) WHERE retry_at IS NOT NULL;
