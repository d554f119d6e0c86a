-- What orgs keep of their contacts, and by what they find them.

CREATE TABLE contact_cards (
    org_id     uuid NOT NULL,
    contact_id bigint NOT NULL,
    name       text,
    language   text CHECK (language ~ '^[a-z]{2,3}(_[A-Z]{2})?$'),
    tags       text[] CHECK (cardinality(tags) BETWEEN 1 AND 32),
    attributes jsonb CHECK (jsonb_typeof(attributes) = 'object'),
    PRIMARY KEY (org_id, contact_id),
    FOREIGN KEY (org_id, contact_id) REFERENCES contacts (org_id, id)
);
COMMENT ON TABLE contact_cards IS
    'What orgs keep of contacts that they care to. (Apart from contacts, which every accept reads.)';
COMMENT ON COLUMN contact_cards.contact_id IS 'Whose; also of one that turned out to be another, which has got it then.';
COMMENT ON COLUMN contact_cards.name IS 'What the org calls the person; null: as the profile does.';
COMMENT ON COLUMN contact_cards.language IS 'As Meta has it of templates: en, pt_BR. Null: not told.';
COMMENT ON COLUMN contact_cards.tags IS 'The org''s own words, each once, in order; null: none.';
COMMENT ON COLUMN contact_cards.attributes IS 'The org''s own object; null: none.';

CREATE TABLE contact_terms (
    org_id     uuid NOT NULL,
    term       text COLLATE "C" NOT NULL,
    contact_id bigint NOT NULL,
    PRIMARY KEY (org_id, term, contact_id)
);
COMMENT ON TABLE contact_terms IS 'By what contacts are found: a trigger keeps it (core/contact_terms.sql).';
COMMENT ON COLUMN contact_terms.term IS 'n: and a word of a name, in small letters; t: and a tag.';
COMMENT ON COLUMN contact_terms.contact_id IS 'Whose; also of one that turned out to be another.';

CREATE TABLE preferences (
    org_id     uuid NOT NULL,
    contact_id bigint NOT NULL,
    channel_id uuid NOT NULL,
    opted_out  boolean NOT NULL,
    actor      text NOT NULL,
    why        text,
    at         timestamptz NOT NULL,
    PRIMARY KEY (org_id, contact_id, channel_id),
    FOREIGN KEY (org_id, channel_id) REFERENCES channels (org_id, id)
);
COMMENT ON TABLE preferences IS
    'Opt-outs, and their ends, that somebody of the org has recorded for a contact. Whether one counts the conversation '
    'says, whose preference_at is then the same: else the contact has said something later.';
COMMENT ON COLUMN preferences.opted_out IS 'Of bulk; false: wants it again.';
COMMENT ON COLUMN preferences.actor IS 'Who has recorded it.';
COMMENT ON COLUMN preferences.why IS 'The org''s own words; null: none.';
COMMENT ON COLUMN preferences.at IS 'When.';

-- Who has opted out, the newest contacts first.
CREATE INDEX conversations_opted_out ON conversations (org_id, contact_id) WHERE opted_out_at IS NOT NULL;

-- The names that there are. (As core/contact_terms.sql has it, which is not made yet.)
INSERT INTO contact_terms (org_id, term, contact_id)
SELECT DISTINCT c.org_id, 'n:' || left(w.word, 64), c.id
  FROM contacts c CROSS JOIN LATERAL (
       SELECT u.word FROM regexp_split_to_table(lower(left(c.name, 256)), '[^[:alnum:]]+') AS u (word)
        WHERE u.word <> '' LIMIT 16) w
 WHERE c.name IS NOT NULL;
