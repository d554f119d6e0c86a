-- Functions of earlier versions whose parameters or results were others: CREATE OR REPLACE would leave the
-- old one beside the new one, or refuse.
DROP FUNCTION IF EXISTS accept_sends(uuid[], uuid[], uuid[], text[], text[], text[], text[], text[], text[],
                                     bigint[]);
DROP FUNCTION IF EXISTS settle_sends(uuid[], uuid[], uuid[], text[], text[], text[], boolean[]);
DROP FUNCTION IF EXISTS release_due_sends(bigint);
DROP FUNCTION IF EXISTS find_lost_sends(bigint, bigint, bigint, bigint);
DO $$
BEGIN
    IF pg_get_function_result(to_regprocedure(
           'apply_statuses(text[], text[], uuid[], text[], bigint[], text[], text[], text[])'))
       NOT LIKE '%released_id%' THEN
        DROP FUNCTION apply_statuses(text[], text[], uuid[], text[], bigint[], text[], text[], text[]);
    END IF;
    IF pg_get_function_result(to_regprocedure('take_dead_events(bigint)')) NOT LIKE '%until_us%' THEN
        DROP FUNCTION take_dead_events(bigint);
    END IF;
END $$;
