-- I7: no row refers to another org's. Where rows are few, composite foreign keys say so (sql/tables).
-- On what each batch writes one set-based check per statement does: a foreign key's row-by-row lock of the
-- parent halves the rate of accept_sends. What makes the check as good as a foreign key: parents are never
-- deleted, and keys never change (sql/triggers.sql).

-- Makes check_TABLE_tenancy for each of these tables. n: its new rows; p: the parent that each must have, so
-- far as it names one.
DO $do$
DECLARE
    v_check record;
BEGIN
    FOR v_check IN
        SELECT c.child, string_agg(format($sql$
    IF EXISTS (SELECT FROM n WHERE %s AND NOT EXISTS (SELECT FROM %I p WHERE %s)) THEN
        RAISE foreign_key_violation
            USING MESSAGE = 'a row of %s refers to no row of %s of its own org';
    END IF;$sql$, c.named, c.parent, c.owned, c.child, c.parent), '' ORDER BY c.parent) AS checks
          FROM (VALUES
            ('contacts', 'organizations', 'true', 'p.id = n.org_id'),
            ('messages', 'channels', 'true', 'p.org_id = n.org_id AND p.id = n.channel_id'),
            ('messages', 'contacts', 'n.contact_id IS NOT NULL',
             'p.org_id = n.org_id AND p.id = n.contact_id'),
            ('outbox', 'messages', 'true',
             'p.id = ANY (ARRAY[n.message_id]) AND p.org_id = n.org_id AND p.channel_id = n.channel_id '
             'AND p.contact_id IS NOT DISTINCT FROM n.contact_id'),
            ('conversations', 'channels', 'true', 'p.org_id = n.org_id AND p.id = n.channel_id'),
            ('conversations', 'contacts', 'true', 'p.org_id = n.org_id AND p.id = n.contact_id'),
            -- (A message has an org.)
            ('wallet_transactions', 'organizations', 'n.message_id IS NULL', 'p.id = n.org_id'),
            ('wallet_transactions', 'messages', 'n.message_id IS NOT NULL',
             'p.id = ANY (ARRAY[n.message_id]) AND p.org_id = n.org_id'),
            ('idempotency_keys', 'messages', 'true', 'p.id = ANY (ARRAY[n.message_id]) AND p.org_id = n.org_id')
          ) AS c (child, parent, named, owned)
         GROUP BY c.child
    LOOP
        EXECUTE format($sql$
            CREATE OR REPLACE FUNCTION check_%s_tenancy() RETURNS trigger
            LANGUAGE plpgsql SECURITY DEFINER
            SET search_path = tollgate, pg_temp
            AS $body$
BEGIN%s
    RETURN NULL;
END $body$;$sql$, v_check.child, v_check.checks);
    END LOOP;
END $do$;

CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    RAISE restrict_violation USING MESSAGE = format('%s on %s is refused: %s', TG_OP, TG_TABLE_NAME,
        TG_ARGV[0]);
END $$;
