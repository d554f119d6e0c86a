-- All that one contact is found by: a search that has many by one word asks each for the others.
--
-- (Where words of names are many already, making it takes some seconds for each million, in which nobody whose name is new
-- can be taken down. Who has made it beforehand, under this name, by CREATE INDEX CONCURRENTLY, waits for none.)
CREATE INDEX IF NOT EXISTS contact_terms_contact ON contact_terms (org_id, contact_id, term);
