-- audit_ledger: every violation of I1 to I4, I7, I11 and I14 that the tables show, one row each; nothing if all is
-- well. One statement, so that it sees a live system as it was at one moment: its parts (core/audit.sql) are
-- stable, and so see what it sees.
CREATE OR REPLACE FUNCTION audit_ledger()
RETURNS TABLE (invariant text, org_id uuid, message_id uuid, detail text)
LANGUAGE sql STABLE SET search_path = tollgate, pg_temp AS $$
    SELECT * FROM audit_money()
    UNION ALL SELECT * FROM audit_campaigns()
    UNION ALL SELECT * FROM audit_refunds()
    UNION ALL SELECT * FROM audit_ends()
    UNION ALL SELECT * FROM audit_orgs()
    UNION ALL SELECT * FROM audit_told()
    UNION ALL SELECT * FROM audit_usage()
    UNION ALL SELECT * FROM audit_media();
$$;
