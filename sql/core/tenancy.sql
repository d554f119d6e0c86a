-- I7: no row refers to another org's. Where rows are few, composite foreign keys say so (sql/tables).
-- On contacts, messages, outbox, conversations, wallet_transactions and idempotency_keys one set-based check
-- per statement does: a foreign key's row-by-row lock of the parent halves the rate of accept_sends. What
-- makes the check as good as a foreign key: parents are never deleted, and keys never change.
--
-- Nested loops only: the planner sees these tables empty at night and full by day, and any plan that
-- is right for the empty ones is ruinous for the full ones.

CREATE OR REPLACE FUNCTION raise_foreign_row(p_table text, p_parent text) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    RAISE foreign_key_violation
        USING MESSAGE = format('a row of %s refers to no row of %s of its own org', p_table, p_parent);
END $$;

CREATE OR REPLACE FUNCTION check_contacts_tenancy() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off
AS $$
BEGIN
    IF EXISTS (SELECT FROM n WHERE NOT EXISTS (SELECT FROM organizations o WHERE o.id = n.org_id)) THEN
        PERFORM raise_foreign_row('contacts', 'organizations');
    END IF;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION check_messages_tenancy() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off
AS $$
BEGIN
    IF EXISTS (SELECT FROM n WHERE NOT EXISTS (
                   SELECT FROM channels c WHERE c.org_id = n.org_id AND c.id = n.channel_id)) THEN
        PERFORM raise_foreign_row('messages', 'channels');
    END IF;
    IF EXISTS (SELECT FROM n WHERE n.contact_id IS NOT NULL AND NOT EXISTS (
                   SELECT FROM contacts c WHERE c.org_id = n.org_id AND c.id = n.contact_id)) THEN
        PERFORM raise_foreign_row('messages', 'contacts');
    END IF;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION check_outbox_tenancy() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off
AS $$
BEGIN
    IF EXISTS (SELECT FROM n WHERE NOT EXISTS (
                   SELECT FROM messages m
                    WHERE m.id = n.message_id AND m.org_id = n.org_id AND m.channel_id = n.channel_id
                      AND m.contact_id IS NOT DISTINCT FROM n.contact_id)) THEN
        PERFORM raise_foreign_row('outbox', 'messages');
    END IF;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION check_conversations_tenancy() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off
AS $$
BEGIN
    IF EXISTS (SELECT FROM n WHERE NOT EXISTS (
                   SELECT FROM channels c WHERE c.org_id = n.org_id AND c.id = n.channel_id)) THEN
        PERFORM raise_foreign_row('conversations', 'channels');
    END IF;
    IF EXISTS (SELECT FROM n WHERE NOT EXISTS (
                   SELECT FROM contacts c WHERE c.org_id = n.org_id AND c.id = n.contact_id)) THEN
        PERFORM raise_foreign_row('conversations', 'contacts');
    END IF;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION check_wallet_transactions_tenancy() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off
AS $$
BEGIN
    IF EXISTS (SELECT FROM n WHERE NOT EXISTS (SELECT FROM wallets w WHERE w.org_id = n.org_id)) THEN
        PERFORM raise_foreign_row('wallet_transactions', 'wallets');
    END IF;
    IF EXISTS (SELECT FROM n WHERE n.message_id IS NOT NULL AND NOT EXISTS (
                   SELECT FROM messages m WHERE m.id = n.message_id AND m.org_id = n.org_id)) THEN
        PERFORM raise_foreign_row('wallet_transactions', 'messages');
    END IF;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION check_idempotency_keys_tenancy() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off
AS $$
BEGIN
    IF EXISTS (SELECT FROM n WHERE NOT EXISTS (
                   SELECT FROM messages m WHERE m.id = n.message_id AND m.org_id = n.org_id)) THEN
        PERFORM raise_foreign_row('idempotency_keys', 'messages');
    END IF;
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER contacts_tenancy AFTER INSERT ON contacts
REFERENCING NEW TABLE AS n FOR EACH STATEMENT EXECUTE FUNCTION check_contacts_tenancy();
CREATE OR REPLACE TRIGGER messages_tenancy AFTER INSERT ON messages
REFERENCING NEW TABLE AS n FOR EACH STATEMENT EXECUTE FUNCTION check_messages_tenancy();
CREATE OR REPLACE TRIGGER outbox_tenancy AFTER INSERT ON outbox
REFERENCING NEW TABLE AS n FOR EACH STATEMENT EXECUTE FUNCTION check_outbox_tenancy();
CREATE OR REPLACE TRIGGER conversations_tenancy AFTER INSERT ON conversations
REFERENCING NEW TABLE AS n FOR EACH STATEMENT EXECUTE FUNCTION check_conversations_tenancy();
CREATE OR REPLACE TRIGGER wallet_transactions_tenancy AFTER INSERT ON wallet_transactions
REFERENCING NEW TABLE AS n FOR EACH STATEMENT EXECUTE FUNCTION check_wallet_transactions_tenancy();

CREATE OR REPLACE TRIGGER idempotency_keys_tenancy AFTER INSERT ON idempotency_keys
REFERENCING NEW TABLE AS n FOR EACH STATEMENT EXECUTE FUNCTION check_idempotency_keys_tenancy();

CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    RAISE restrict_violation USING MESSAGE = format('%s on %s is refused: %s', TG_OP, TG_TABLE_NAME,
        TG_ARGV[0]);
END $$;

CREATE OR REPLACE TRIGGER contacts_keys_stay BEFORE UPDATE OF org_id, id ON contacts
FOR EACH ROW EXECUTE FUNCTION refuse_change('keys never change');
CREATE OR REPLACE TRIGGER messages_keys_stay
BEFORE UPDATE OF org_id, id, channel_id, contact_id ON messages
FOR EACH ROW EXECUTE FUNCTION refuse_change('keys never change');
CREATE OR REPLACE TRIGGER outbox_keys_stay
BEFORE UPDATE OF org_id, message_id, channel_id, contact_id ON outbox
FOR EACH ROW EXECUTE FUNCTION refuse_change('keys never change');
CREATE OR REPLACE TRIGGER idempotency_keys_stay
BEFORE UPDATE ON idempotency_keys
FOR EACH ROW EXECUTE FUNCTION refuse_change('the first answer never changes');
CREATE OR REPLACE TRIGGER conversations_keys_stay
BEFORE UPDATE OF org_id, channel_id, contact_id ON conversations
FOR EACH ROW EXECUTE FUNCTION refuse_change('keys never change');
CREATE OR REPLACE TRIGGER channels_keys_stay BEFORE UPDATE OF org_id, id ON channels
FOR EACH ROW EXECUTE FUNCTION refuse_change('keys never change');
CREATE OR REPLACE TRIGGER wallets_keys_stay BEFORE UPDATE OF org_id ON wallets
FOR EACH ROW EXECUTE FUNCTION refuse_change('keys never change');
CREATE OR REPLACE TRIGGER organizations_keys_stay BEFORE UPDATE OF id ON organizations
FOR EACH ROW EXECUTE FUNCTION refuse_change('keys never change');

CREATE OR REPLACE TRIGGER organizations_stay BEFORE DELETE OR TRUNCATE ON organizations
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('set status to suspended instead');
CREATE OR REPLACE TRIGGER channels_stay BEFORE DELETE OR TRUNCATE ON channels
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('set status to disabled instead');
CREATE OR REPLACE TRIGGER wallets_stay BEFORE DELETE OR TRUNCATE ON wallets
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('the ledger refers to it');
CREATE OR REPLACE TRIGGER contacts_stay BEFORE DELETE OR TRUNCATE ON contacts
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('messages refer to it');
CREATE OR REPLACE TRIGGER messages_stay BEFORE DELETE OR TRUNCATE ON messages
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('the ledger refers to it');

CREATE OR REPLACE TRIGGER wallet_transactions_stay
BEFORE UPDATE OR DELETE OR TRUNCATE ON wallet_transactions
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('the ledger is append-only');
