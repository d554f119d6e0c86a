-- Access tokens stand sealed in their column, once a worker has a key to seal them under.

ALTER TABLE channels ADD COLUMN token_key text
    GENERATED ALWAYS AS (CASE WHEN access_token LIKE 'sealed:%'
                              THEN left(split_part(access_token, ':', 2), 64) END) STORED;
COMMENT ON COLUMN channels.token_key IS
    'The id of the key under which access_token is sealed (sealed:KEY:...); null: it lies open.';
COMMENT ON COLUMN channels.access_token IS
    'With which Meta is called, as it is or sealed. It is written as it is: the janitor seals it. A new one resumes a '
    'paused channel.';
-- What lies open is looked for all the time, and what is sealed under another key than the newest.
CREATE INDEX channels_token_key ON channels (token_key, org_id, id);
