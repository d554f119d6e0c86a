-- Calls are relayed under the tokens of channels: of the functions for that (sql/relay) this is the first version.
COMMENT ON COLUMN channels.waba_id IS
    'Meta''s id of the business account that it belongs to. Calls on the account are relayed for the org alone in it.';
