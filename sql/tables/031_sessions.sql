-- Sessions and links of the console that have ended are deleted after a while: by these the janitor finds them.
CREATE INDEX sessions_ended ON sessions (least(expires_at, revoked_at));
CREATE INDEX console_links_ended ON console_links (least(expires_at, used_at));
-- Made anew: what the janitor deletes by itself is told to nobody.
DROP TRIGGER IF EXISTS sessions_told ON sessions;
DROP TRIGGER IF EXISTS console_links_told ON console_links;
