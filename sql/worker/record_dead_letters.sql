-- What of webhooks could not be applied. A row is tried again while its retry_at is set: a worker takes it,
-- applies its body like any webhook's, records here what failed again, and in the end ends the rows that
-- did not. All of that may be several transactions.
--
-- record_dead_letters: keeps what could not be applied now. A status that fits no message may only be early
-- (its message may be settling at this moment): it is tried again for a while, 1, 2, 4 and 8 s later. One for which
-- a wallet was held is tried again until it is free. The same body stands here once.
--
-- What came out of Redis without a right signature (bad_signature, no_signature) may be anybody's: its retry_at is
-- infinity, so that it is replayed by the name of that reason alone, and what of it is too much is not kept: whoever
-- reaches Redis must not fill PostgreSQL.
CREATE OR REPLACE FUNCTION record_dead_letters(
    p_taken            bigint[], -- rows of take_dead_letters that are being applied: no others change
    p_bodies           bytea[],
    p_reasons          text[],
    p_phone_number_ids text[],   -- NULL: none is named
    p_tries            bigint[]  -- so often it was tried before
) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = tollgate, pg_temp AS $$
DECLARE
    v_anybodys constant text[] := '{bad_signature,no_signature}';
    v_room     boolean := true;
BEGIN
    IF p_reasons && v_anybodys THEN
        SELECT count(*) < 10000 AND coalesce(sum(octet_length(d.body)), 0) < 256 * 1024 * 1024 INTO v_room
          FROM dead_letters d WHERE d.retry_at = 'infinity';
    END IF;
    INSERT INTO dead_letters AS d (org_id, phone_number_id, reason, body, digest, tries, retry_at)
    SELECT DISTINCT ON (sha256(i.body)) c.org_id, i.phone_number_id, i.reason, i.body,
           sha256(i.body), i.tries + 1,
           CASE WHEN i.reason = 'unknown_message' AND i.tries < 4
                THEN now() + 2 ^ i.tries * interval '1 second'
                WHEN i.reason = 'wallet_held'
                THEN now() + least(60, 2 ^ least(i.tries, 6)) * interval '1 second'
                WHEN i.reason = ANY (v_anybodys) THEN 'infinity' END
      FROM unnest(p_bodies, p_reasons, p_phone_number_ids, p_tries) AS i (body, reason,
                                                                          phone_number_id, tries)
      LEFT JOIN LATERAL number_at(CASE WHEN i.reason <> 'before_hand_over' THEN i.phone_number_id END,
                                  now()) c ON true
     WHERE v_room OR i.reason <> ALL (v_anybodys)
     ORDER BY sha256(i.body), i.reason = ANY (v_anybodys), i.tries DESC
    ON CONFLICT (digest) DO UPDATE
       SET org_id = excluded.org_id, reason = excluded.reason, tries = excluded.tries,
           retry_at = excluded.retry_at
     WHERE d.id = ANY (p_taken) OR (d.retry_at = 'infinity' AND excluded.retry_at IS DISTINCT FROM 'infinity');
END $$;
