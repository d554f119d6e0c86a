-- The words that opt out and in have a name, so that a worker knows them again without reading them.

ALTER TABLE organizations ADD COLUMN words_id uuid;
COMMENT ON COLUMN organizations.words_id IS
    'Of opt_out_words and opt_in_words: orgs with the same words have the same one. A trigger sets it.';
UPDATE organizations SET words_id =
    left(encode(sha256(convert_to(opt_out_words::text || opt_in_words::text, 'UTF8')), 'hex'), 32)::uuid;
