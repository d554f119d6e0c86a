-- How far the sealing of access tokens is: operators ask for a round of it, and a janitor says how the last one ended.
CREATE TABLE token_sealing (
    one        boolean PRIMARY KEY DEFAULT true CHECK (one),
    asked      bigint NOT NULL DEFAULT 0,
    asked_for  text,
    answered   bigint NOT NULL DEFAULT 0,
    key        text,
    no_key     bigint NOT NULL DEFAULT 0,
    not_opened bigint NOT NULL DEFAULT 0
);
COMMENT ON TABLE token_sealing IS 'What operators and the janitor tell each other of sealing: one row.';
COMMENT ON COLUMN token_sealing.one IS 'There is one.';
COMMENT ON COLUMN token_sealing.asked IS 'How often operators have asked that all tokens be sealed anew.';
COMMENT ON COLUMN token_sealing.asked_for IS
    'Under which key, the last time: the newest of the ingress that was asked; null: it has none.';
COMMENT ON COLUMN token_sealing.answered IS 'What asked was when the last round began that has ended.';
COMMENT ON COLUMN token_sealing.key IS 'Under which key that round has sealed; null: its worker has none.';
COMMENT ON COLUMN token_sealing.no_key IS 'How many tokens it has left since its worker has not their key.';
COMMENT ON COLUMN token_sealing.not_opened IS 'How many it has left since they did not open.';
INSERT INTO token_sealing DEFAULT VALUES;
