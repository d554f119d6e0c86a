-- The partition of a message's job: the same as partition_of in common/streams/job.c.
CREATE OR REPLACE FUNCTION job_partition(p_message_id uuid, p_partitions bigint) RETURNS bigint
LANGUAGE sql IMMUTABLE
RETURN get_byte(uuid_send(p_message_id), 15) % p_partitions;
