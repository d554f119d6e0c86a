// What could not be applied stands in dead_letters with its reason, once, and can be replayed.

#include "tests/sql/inbound.h"

TestSuite(dead_letters, .init = database_create, .fini = database_drop);

static void record(const char *taken, const char *body, const char *reason, const char *number,
                   int tries)
{
    run("SELECT record_dead_letters('{%s}', ARRAY['%s'::bytea], '{%s}', ARRAY[%s]::text[], '{%d}')",
        taken, body, reason, number, tries);
}

static const char *dead(void)
{
    return rows("SELECT convert_from(body, 'UTF8'), reason, tries, "
                "CASE WHEN retry_at IS NOT NULL THEN 'again' ELSE 'dead' END "
                "FROM dead_letters ORDER BY id");
}

static const char *taken(void)
{
    return rows("SELECT convert_from(body, 'UTF8'), tries FROM take_dead_letters(10)");
}

// Replays everything and takes it; returns the until_us of all that was taken.
static const char *replay_and_take(void)
{
    run("SELECT replay_dead_letters()");
    return value("SELECT max(until_us) FROM take_dead_letters(10)");
}

// A worker that took everything until then is through with it.
static void end_all(const char *until_us)
{
    run("SELECT end_dead_letters(array_agg(id), array_agg(%s::bigint)) FROM dead_letters",
        until_us);
}

Test(dead_letters, stand_there_once_with_the_org_of_their_number)
{
    const char *org = given_org_with_channel("1.00");
    record("", "a", "invalid_json", "NULL", 0);
    record("", "a", "invalid_json", "NULL", 0);
    record("", "b", "foreign_message", text("'%s'", number_of_org(org)), 0);
    assert_rows(dead(), "a, invalid_json, 1, dead", "b, foreign_message, 1, dead");
    assert_rows(rows("SELECT org_id = '%s' FROM dead_letters ORDER BY id", org), "null", "t");
}

Test(dead_letters, a_status_that_may_be_early_is_tried_again_for_a_while)
{
    record("", "a", "unknown_message", "NULL", 0);
    for (int tries = 1; tries <= 4; tries++) {
        assert_no_rows(taken()); // its time has not come
        assert_rows(dead(), text("a, unknown_message, %d, again", tries));
        run("UPDATE dead_letters SET retry_at = now() - interval '1 second'");
        assert_rows(taken(), text("a, %d", tries));
        record(value("SELECT id FROM dead_letters"), "a", "unknown_message", "NULL", tries);
    }
    assert_rows(dead(), "a, unknown_message, 5, dead");
}

Test(dead_letters, what_is_applied_at_another_try_is_gone)
{
    record("", "a", "unknown_number", "NULL", 0);
    const char *until_us = replay_and_take();
    record("", "b", "unknown_number", "NULL", 0);
    end_all(until_us);
    assert_rows(dead(), "b, unknown_number, 1, dead");
}

// Each record is a transaction of its own.
Test(dead_letters, what_fails_again_stays_whichever_of_several_transactions_says_so)
{
    record("", "a", "unknown_number", "NULL", 0);
    record("", "b", "unknown_number", "NULL", 0);
    record("", "c", "unknown_number", "NULL", 0);
    const char *until_us = replay_and_take();
    const char *taken_ids = value("SELECT string_agg(id::text, ',') FROM dead_letters");
    record(taken_ids, "a", "unknown_number", "NULL", 0);
    record(taken_ids, "b", "refused", "NULL", 0);
    record(taken_ids, "b", "refused", "NULL", 0); // its first answer was lost
    end_all(until_us);
    end_all(until_us);
    assert_rows(dead(), "a, unknown_number, 1, dead", "b, refused, 1, dead");
}

Test(dead_letters, what_is_replayed_before_its_worker_is_through_stays)
{
    record("", "a", "unknown_number", "NULL", 0);
    const char *until_us = replay_and_take();
    record(value("SELECT id FROM dead_letters"), "a", "unknown_number", "NULL", 0);
    run("SELECT replay_dead_letters()");
    end_all(until_us);
    assert_rows(dead(), "a, unknown_number, 0, again");
}

Test(dead_letters, what_another_worker_has_by_now_is_ended_by_that_one)
{
    record("", "a", "unknown_number", "NULL", 0);
    const char *first_us = replay_and_take();
    run("UPDATE dead_letters SET retry_at = now()");
    const char *second_us = value("SELECT until_us FROM take_dead_letters(10)");
    end_all(first_us);
    assert_rows(dead(), "a, unknown_number, 0, again");
    end_all(second_us);
    assert_no_rows(dead());
}

Test(dead_letters, a_taken_one_comes_back_should_its_worker_die)
{
    record("", "a", "unknown_message", "NULL", 0);
    run("UPDATE dead_letters SET retry_at = now()");
    assert_rows(taken(), "a, 1");
    assert_no_rows(taken());
    assert_rows(rows("SELECT retry_at < now() + interval '31 seconds' FROM dead_letters"), "t");
}

Test(dead_letters, are_replayed_by_reason_and_by_number)
{
    record("", "a", "unknown_number", "'4711'", 0);
    record("", "b", "unknown_number", "'4712'", 0);
    record("", "c", "invalid_json", "NULL", 0);
    cr_assert_str_eq(value("SELECT replay_dead_letters('unknown_number', '4711')"), "1");
    assert_rows(taken(), "a, 0");
    cr_assert_str_eq(value("SELECT replay_dead_letters('invalid_json')"), "1");
    assert_rows(taken(), "c, 0");
    cr_assert_str_eq(value("SELECT replay_dead_letters()"), "1");
    assert_rows(taken(), "b, 0");
}

Test(dead_letters, a_replay_that_fails_is_dead_as_before)
{
    record("", "a", "unknown_number", "NULL", 0);
    run("SELECT replay_dead_letters()");
    (void)taken();
    record(value("SELECT id FROM dead_letters"), "a", "unknown_number", "NULL", 0);
    assert_rows(dead(), "a, unknown_number, 1, dead");
}

Test(dead_letters, take_any_bytes)
{
    run("SELECT record_dead_letters('{}', ARRAY['\\x00ff'::bytea, ''::bytea], '{x,y}', "
        "'{NULL,NULL}', "
        "'{0,0}')");
    assert_rows(rows("SELECT length(body) FROM dead_letters ORDER BY 1"), "0", "2");
}

Test(dead_letters, what_waits_for_a_wallet_is_tried_until_it_is_free)
{
    record("", "a", "wallet_held", "NULL", 0);
    record("", "b", "wallet_held", "NULL", 4);
    record("", "c", "wallet_held", "NULL", 1000);
    assert_rows(rows("SELECT tries, round(extract(epoch FROM retry_at - received_at)) "
                     "FROM dead_letters ORDER BY id"),
                "1, 1", "5, 16", "1001, 60");
}

Test(dead_letters, what_may_be_anybody_s_is_replayed_by_its_reason_alone)
{
    record("", "a", "bad_signature", "NULL", 0);
    record("", "b", "no_signature", "NULL", 0);
    record("", "c", "invalid_json", "NULL", 0);
    assert_no_rows(taken());
    cr_assert_str_eq(value("SELECT replay_dead_letters()"), "1");
    assert_rows(taken(), "c, 0");
    cr_assert_str_eq(value("SELECT replay_dead_letters('invalid_json')"), "0");
    cr_assert_str_eq(value("SELECT replay_dead_letters('no_signature')"), "1");
    const char *until_us = value("SELECT max(until_us) FROM take_dead_letters(10)");
    end_all(until_us);
    assert_rows(rows("SELECT convert_from(body, 'UTF8') FROM dead_letters ORDER BY id"), "a", "c");
}

// Whoever has seen in Redis what is in no state to be applied could write it there again.
Test(dead_letters, what_may_be_anybody_s_hides_nothing_of_meta_s)
{
    record("", "a", "bad_signature", "NULL", 0);
    record("", "a", "unknown_number", "'4711'", 0);
    record("", "a", "bad_signature", "NULL", 0);
    run("SELECT record_dead_letters('{}', '{b,b,b}', '{no_signature,invalid_json,no_signature}', "
        "'{NULL,NULL,NULL}', '{0,0,0}')");
    assert_rows(dead(), "a, unknown_number, 1, dead", "b, invalid_json, 1, dead");
}

Test(dead_letters, what_may_be_anybody_s_is_kept_up_to_a_number)
{
    run("SELECT record_dead_letters('{}', array_agg(i::text::bytea), "
        "array_agg('no_signature'::text), "
        "array_agg(NULL::text), array_agg(0::bigint)) FROM generate_series(1, 9999) i");
    record("", "the last one", "bad_signature", "NULL", 0);
    run("SELECT record_dead_letters('{}', '{a,b}', '{bad_signature,invalid_json}', '{NULL,NULL}', "
        "'{0,0}')");
    assert_rows(rows("SELECT reason, count(*) FROM dead_letters GROUP BY reason ORDER BY reason"),
                "bad_signature, 1", "invalid_json, 1", "no_signature, 9999");
}

Test(dead_letters, what_may_be_anybody_s_is_kept_up_to_so_many_bytes)
{
    run("INSERT INTO dead_letters (reason, body, digest, retry_at) "
        "VALUES ('bad_signature', convert_to(repeat('x', 256 * 1024 * 1024 - 1), 'UTF8'), '', "
        "'infinity')");
    record("", "a", "bad_signature", "NULL", 0);
    record("", "b", "bad_signature", "NULL", 0);
    assert_rows(rows("SELECT left(convert_from(body, 'UTF8'), 1) FROM dead_letters ORDER BY id"),
                "x", "a");
}

Test(dead_letters, of_which_the_org_was_told_say_so)
{
    const char *org = given_org_with_channel("1.00");
    record("", "a", "unknown_number", "'4711'", 0);
    record("", "b", "unknown_status", text("'%s'", number_of_org(org)), 0);
    run("SELECT replay_dead_letters()");
    assert_rows(
        rows("SELECT convert_from(body, 'UTF8'), was_told FROM take_dead_letters(10) ORDER BY 1"),
        "a, f", "b, t");
}
