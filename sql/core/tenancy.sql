-- I7: no row refers to another org's. Where rows are few, composite foreign keys say so (sql/tables).
-- On what each batch writes one set-based check per statement does: a foreign key's row-by-row lock of the
-- parent halves the rate of accept_sends. What makes the check as good as a foreign key: parents are never
-- deleted, and keys never change (sql/triggers.sql).

-- Makes check_TABLE_tenancy for each table, and audit_orgs, which looks in all rows for what the checks refuse (but
-- for what may come about later: an outbox row follows its contact when that turns out to be another one).
-- n: a row; p: its parent, where it names one, of that id. (= ANY: sql/plans.sql. OFFSET 0: each row's is looked up, and
-- no parents are read from end to end because they and the rows seemed few.)
DO $do$
DECLARE
    -- Nobody merges the contacts of new conversations until the transaction ends; if somebody just has, it is to be
    -- tried again. (Whom this transaction has written is held already.)
    c_hold CONSTANT text := $$
        IF (SELECT bool_or(h.merged_into IS NOT NULL)
              FROM (SELECT c.merged_into
                      FROM n JOIN contacts c ON c.org_id = n.org_id AND c.id = ANY (ARRAY[n.contact_id])
                     WHERE c.xmin <> pg_current_xact_id()::xid ORDER BY c.org_id, c.id FOR KEY SHARE OF c) h) THEN
            RAISE serialization_failure USING MESSAGE = 'a contact has just turned out to be another one';
        END IF; $$;
    v_function text;
BEGIN
    FOR v_function IN
        WITH refers (child, message, parent, id, also, later) AS (VALUES
            ('contacts', 'NULL::uuid', 'organizations', 'n.org_id', '', ''),
            ('messages', 'n.id', 'channels', 'n.channel_id', '', ''),
            ('messages', 'n.id', 'contacts', 'n.contact_id', '', ''),
            ('outbox', 'n.message_id', 'messages', 'n.message_id',
             ' AND p.channel_id = n.channel_id AND (p.contact_id IS NOT DISTINCT FROM n.contact_id',
             ' OR EXISTS (SELECT FROM contacts m WHERE m.org_id = n.org_id AND m.id = p.contact_id '
             'AND m.merged_into = n.contact_id)'),
            ('conversations', 'NULL', 'channels', 'n.channel_id', '', ''),
            ('conversations', 'NULL', 'contacts', 'n.contact_id', '', ''),
            -- (A message has an org.)
            ('wallet_transactions', 'NULL', 'organizations', 'CASE WHEN n.message_id IS NULL THEN n.org_id END',
             '', ''),
            ('wallet_transactions', 'n.message_id', 'messages', 'n.message_id', '', ''),
            ('attempts', 'n.message_id', 'messages', 'n.message_id', '', ''),
            ('idempotency_keys', 'n.message_id', 'messages', 'n.message_id', '', ''),
            ('deliveries', 'n.message_id', 'endpoints', 'n.endpoint_id', '', ''),
            ('event_change_messages', 'n.message_id', 'messages', 'n.message_id', '', ''),
            ('campaign_recipients', 'NULL', 'campaigns', 'n.campaign_id', '', ''),
            ('campaign_messages', 'n.message_id', 'campaigns', 'n.campaign_id', '', ''),
            ('campaign_messages', 'n.message_id', 'messages', 'n.message_id', '', '')
        ), fault AS (
            SELECT r.*, format('a row of %s refers to no row of %s of its own org', r.child, r.parent) AS says,
                   format('%s IS NOT NULL AND NOT EXISTS (SELECT FROM %I p WHERE p.id = ', r.id, r.parent) AS named,
                   CASE WHEN r.parent <> 'organizations' THEN ' AND p.org_id = n.org_id' ELSE '' END
                   || r.also AS owned, CASE WHEN r.later <> '' THEN ')' ELSE '' END AS ends
              FROM refers r
        )
        SELECT format('CREATE OR REPLACE FUNCTION check_%s_tenancy() RETURNS trigger '
                      'LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$ BEGIN %s%s '
                      'RETURN NULL; END $$', f.child,
                      CASE f.child WHEN 'conversations' THEN c_hold END,
                      string_agg(format('IF EXISTS (SELECT FROM n WHERE %sANY (ARRAY[%s])%s%s OFFSET 0)) THEN '
                                        'RAISE foreign_key_violation USING MESSAGE = %L; END IF;',
                                        f.named, f.id, f.owned, f.ends, f.says), ' ' ORDER BY f.parent))
          FROM fault f GROUP BY f.child
        UNION ALL
        SELECT format('CREATE OR REPLACE FUNCTION audit_orgs() RETURNS TABLE (invariant text, org_id uuid, '
                      'message_id uuid, detail text) LANGUAGE sql STABLE AS $$ %s $$',
                      string_agg(format('SELECT ''I7'', n.org_id, %s, %L FROM %I n WHERE %s%s%s%s%s)', f.message,
                                        f.says, f.child, f.named, f.id, f.owned, f.later, f.ends), ' UNION ALL '))
          FROM fault f
    LOOP
        EXECUTE v_function;
    END LOOP;
END $do$;

CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    -- What waits for a contact waits for the one that it turned out to be (join_lines_of).
    IF TG_TABLE_NAME = 'outbox' AND TG_OP = 'UPDATE' THEN
        IF ROW(NEW.org_id, NEW.message_id, NEW.channel_id) = ROW(OLD.org_id, OLD.message_id, OLD.channel_id)
           AND EXISTS (SELECT FROM contacts c WHERE c.org_id = OLD.org_id AND c.id = OLD.contact_id
                          AND c.merged_into = NEW.contact_id) THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE restrict_violation USING MESSAGE = format('%s on %s is refused: %s', TG_OP, TG_TABLE_NAME,
        TG_ARGV[0]);
END $$;
