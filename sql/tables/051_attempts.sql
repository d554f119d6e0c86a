-- Attempts refer to their messages by a check of each statement, as all does that batches write (core/tenancy.sql): a
-- foreign key looked each of them up by itself, which took half of what it takes to settle a failure.
ALTER TABLE attempts DROP CONSTRAINT attempts_message_id_org_id_fkey;
