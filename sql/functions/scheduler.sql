-- What the scheduler asks for. One of them acts at a time, by an advisory lock of its session.

-- The key is the word "tollgate" as eight bytes. Asking again while this session holds the lock says
-- true and takes nothing more.
CREATE OR REPLACE FUNCTION take_scheduler_lock() RETURNS boolean
LANGUAGE sql
RETURN CASE WHEN EXISTS (SELECT FROM pg_locks
                          WHERE locktype = 'advisory' AND pid = pg_backend_pid() AND granted
                            AND classid = x'746f6c6c'::bigint::oid
                            AND objid = x'67617465'::bigint::oid AND objsubid = 1)
            THEN true
            ELSE pg_try_advisory_lock(x'746f6c6c67617465'::bigint) END;

-- release_due_sends: moves scheduled messages that are due to `queued`, oldest first; the caller
-- publishes their jobs.
CREATE OR REPLACE FUNCTION release_due_sends(p_limit bigint)
RETURNS TABLE (org_id uuid, message_id uuid)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp
SET enable_seqscan = off
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH due AS (
        SELECT o.message_id FROM outbox o
         WHERE o.due_at <= now() AND o.state = 'scheduled'
         ORDER BY o.due_at LIMIT p_limit FOR UPDATE SKIP LOCKED
    )
    UPDATE outbox o SET state = 'queued', due_at = NULL, queued_at = clock_timestamp()
     WHERE o.message_id = ANY (ARRAY(SELECT d.message_id FROM due d))
    RETURNING o.org_id, o.message_id;
END $$;

-- The partition of a message's job: the same as partition_of in common/job.c.
CREATE OR REPLACE FUNCTION job_partition(p_message_id uuid, p_partitions bigint) RETURNS bigint
LANGUAGE sql IMMUTABLE
RETURN get_byte(uuid_send(p_message_id), 15) % p_partitions;

-- find_lost_sends: messages of a partition that have been queued for longer than p_age_ms, which is
-- the age of the partition's oldest live job and a margin: their jobs are gone. Marks them as queued
-- anew, so that the next look does not find them again at once. Ages are compared, never clocks.
CREATE OR REPLACE FUNCTION find_lost_sends(p_partition bigint, p_partitions bigint, p_age_ms bigint,
                                           p_limit bigint)
RETURNS TABLE (org_id uuid, message_id uuid)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH lost AS (
        SELECT o.message_id FROM outbox o
         WHERE o.state = 'queued' AND job_partition(o.message_id, p_partitions) = p_partition
           AND o.queued_at < now() - p_age_ms * interval '1 millisecond'
         ORDER BY o.seq LIMIT p_limit FOR UPDATE SKIP LOCKED
    )
    UPDATE outbox o SET queued_at = clock_timestamp()
     WHERE o.message_id = ANY (ARRAY(SELECT l.message_id FROM lost l))
    RETURNING o.org_id, o.message_id;
END $$;
