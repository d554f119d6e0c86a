-- A session that was begun with an API key ends with it, and may no more than it.
ALTER TABLE sessions
    ADD COLUMN key_id    uuid,
    ADD COLUMN addresses cidr[]
        CHECK (cardinality(addresses) BETWEEN 1 AND 32 AND array_position(addresses, NULL) IS NULL);
COMMENT ON COLUMN sessions.key_id IS 'The API key that it was begun with (follow_api_key); null: none.';
COMMENT ON COLUMN sessions.addresses IS 'As of api_keys.';
CREATE INDEX sessions_key ON sessions (org_id, key_id, created_at) WHERE key_id IS NOT NULL;

UPDATE sessions s SET key_id = k.id, addresses = k.addresses
  FROM api_keys k
 WHERE k.org_id = s.org_id AND s.made_by = 'key:' || coalesce(k.prefix, k.id::text) AND s.revoked_at IS NULL;
UPDATE sessions s
   SET revoked_at = CASE WHEN k.revoked_at IS NULL AND s.rights && k.rights THEN NULL ELSE now() END,
       expires_at = least(s.expires_at, k.expires_at),
       rights = CASE WHEN s.rights && k.rights
                     THEN ARRAY(SELECT r FROM unnest(s.rights) WITH ORDINALITY AS v (r, n)
                                 WHERE r = ANY (k.rights) ORDER BY n)
                     ELSE s.rights END
  FROM api_keys k
 WHERE k.org_id = s.org_id AND k.id = s.key_id AND s.revoked_at IS NULL;

-- Made anew: a change of addresses counts, too.
DROP TRIGGER IF EXISTS sessions_changed ON sessions;
