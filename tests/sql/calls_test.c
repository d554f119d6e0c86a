// Calls as the daemons make them, of functions of the test's own.
#include "common/pg/call.h"

#include "tests/sql/database.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

static struct tg_pg *pg;

static void connect_to_it(void)
{
    database_create();
    pg = tg_pg_create(database_conninfo(), "tests");
}

static void disconnect_from_it(void)
{
    tg_pg_destroy(pg);
    database_drop();
}

TestSuite(calls, .init = connect_to_it, .fini = disconnect_from_it, .timeout = 60);

enum colour { NO_COLOUR, RED, GREEN };
static const char *const colours[] = {"", "red", "green"};

struct thing {
    int64_t number;
    struct tg_uuid id;
    bool has_id;
    bool yes;
    char name[16];
    struct tg_text text;
    struct tg_text bytes;
    enum colour colour;
};

// Answers what it is given, row by row.
static const struct tg_call echo = {
    .name = "echo",
    .one = TG_FIELDS(INT8("p_add", thing, number)),
    .each = TG_FIELDS(INT8("p_numbers", thing, number), UUID_IF("p_ids", thing, id, has_id),
                      BOOL("p_yess", thing, yes), TEXT("p_names", thing, name),
                      TEXT("p_texts", thing, text), BYTES("p_bytess", thing, bytes),
                      WORD("p_colours", thing, colour, colours)),
    .out = TG_FIELDS(INT8("number", thing, number), UUID_IF("id", thing, id, has_id),
                     BOOL("yes", thing, yes), TEXT("name", thing, name), TEXT("text", thing, text),
                     BYTES("bytes", thing, bytes), WORD("colour", thing, colour, colours)),
};

static void given_echo(void)
{
    run("CREATE FUNCTION echo(p_add bigint, p_colours text[], p_bytess bytea[], p_texts text[], "
        "p_names text[], p_yess boolean[], p_ids uuid[], p_numbers bigint[]) RETURNS TABLE (colour "
        "text, bytes bytea, text text, name text, yes boolean, id uuid, number bigint) LANGUAGE "
        "sql AS 'SELECT colour, bytes, text, name, yes, id, number + p_add FROM unnest(p_colours, "
        "p_bytess, p_texts, p_names, p_yess, p_ids, p_numbers) AS i (colour, bytes, text, name, "
        "yes, id, number)'");
}

static void finish(struct thing *things, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        tg_text_finish(&things[i].text);
        tg_text_finish(&things[i].bytes);
    }
}

Test(calls, values_go_there_and_back_by_their_names)
{
    given_echo();
    struct thing given[] = {
        {.number = 1, .id = tg_uuid7(), .has_id = true, .yes = true, .name = "na\"m,e{}"},
        {.number = INT64_MIN, .id = tg_uuid7(), .colour = GREEN},
    };
    tg_text_append_string(&given[0].text, "NULL");
    tg_text_append(&given[0].bytes, "\0\xff\\x", 4);
    struct thing add = {.number = 7};
    struct thing got[2];
    cr_assert_eq(tg_pg_call(pg, &echo, TG_ONE(&add), TG_EACH(given, 2), TG_ROWS(got, 2)), TG_PG_OK);
    cr_expect_eq(got[0].number, 8);
    cr_expect(tg_uuid_equal(got[0].id, given[0].id));
    cr_expect(got[0].has_id);
    cr_expect(got[0].yes);
    cr_expect_str_eq(got[0].name, "na\"m,e{}");
    cr_expect_str_eq(got[0].text.data, "NULL");
    cr_expect_eq(got[0].bytes.length, 4);
    cr_expect_arr_eq(got[0].bytes.data, "\0\xff\\x", 4);
    cr_expect_eq(got[0].colour, NO_COLOUR);
    cr_expect_eq(got[1].number, INT64_MIN + 7);
    cr_expect_not(got[1].has_id);
    cr_expect_not(got[1].yes);
    cr_expect_str_eq(got[1].name, "");
    cr_expect_eq(got[1].text.length, 0);
    cr_expect_eq(got[1].colour, GREEN);
    finish(given, 2);
    finish(got, 2);
}

Test(calls, a_batch_may_be_empty)
{
    given_echo();
    struct thing add = {.number = 7};
    struct thing *none = NULL;
    size_t count = 5;
    cr_assert_eq(tg_pg_call(pg, &echo, TG_ONE(&add), TG_EACH(none, 0), TG_ROWS_TO(none, 0, &count)),
                 TG_PG_OK);
    cr_expect_eq(count, 0);
}

static const struct tg_call count_to = {
    .name = "count_to",
    .one = TG_FIELDS(VALUE("p_last", INT8, int64_t)),
    .out = TG_FIELDS(VALUE("count_to", INT8, int64_t)),
};

static enum tg_pg_status call_count_to(int64_t last, int64_t *answer)
{
    return tg_pg_call(pg, &count_to, TG_ONE(&last), TG_ROWS(answer, 1));
}

// A count_to that says which one it is: it answers `answer`.
static void given_count_to(const char *parameters, const char *answer)
{
    run("CREATE FUNCTION count_to(%s) RETURNS bigint LANGUAGE plpgsql AS 'BEGIN RETURN %s; END'",
        parameters, answer);
}

static void expect_count_to(int64_t expected)
{
    int64_t answer = -1;
    cr_assert_eq(call_count_to(5, &answer), TG_PG_OK);
    cr_expect_eq(answer, expected);
}

Test(calls, rows_beyond_the_room_are_left_out)
{
    run("CREATE FUNCTION count_to(p_last bigint) RETURNS SETOF bigint LANGUAGE sql AS 'SELECT "
        "generate_series(1, p_last)'");
    int64_t numbers[3] = {0};
    size_t count = 0;
    int64_t last = 3;
    cr_assert_eq(tg_pg_call(pg, &count_to, TG_ONE(&last), TG_ROWS_TO(numbers, 2, &count)),
                 TG_PG_OK);
    cr_expect_eq(count, 2);
    cr_expect_eq(numbers[1], 2);
    cr_expect_eq(numbers[2], 0);
    last = 1;
    cr_assert_eq(tg_pg_call(pg, &count_to, TG_ONE(&last), TG_ROWS_TO(numbers, 2, &count)),
                 TG_PG_OK);
    cr_expect_eq(count, 1);
}

Test(calls, a_row_that_may_be_missing_is_found_or_not)
{
    run("CREATE FUNCTION count_to(p_last bigint) RETURNS SETOF bigint LANGUAGE sql AS 'SELECT "
        "generate_series(1, p_last)'");
    int64_t number = 7;
    int64_t last = 1;
    bool found = false;
    cr_assert_eq(tg_pg_call(pg, &count_to, TG_ONE(&last), TG_ROW_IF(&number, &found)), TG_PG_OK);
    cr_expect(found);
    cr_expect_eq(number, 1);
    last = 0;
    cr_assert_eq(tg_pg_call(pg, &count_to, TG_ONE(&last), TG_ROW_IF(&number, &found)), TG_PG_OK);
    cr_expect_not(found);
    found = true;
    run("DROP FUNCTION count_to");
    cr_assert_eq(tg_pg_call(pg, &count_to, TG_ONE(&last), TG_ROW_IF(&number, &found)),
                 TG_PG_REFUSED);
    cr_expect_not(found);
}

Test(calls, a_function_that_is_not_there_is_refused_and_found_when_it_comes)
{
    int64_t answer = -1;
    cr_expect_eq(call_count_to(5, &answer), TG_PG_REFUSED);
    cr_expect_eq(answer, -1);
    given_count_to("p_last bigint", "1");
    expect_count_to(1);
}

Test(calls, other_columns_than_were_asked_for_are_refused)
{
    run("CREATE FUNCTION count_to(p_last bigint) RETURNS integer LANGUAGE sql AS 'SELECT 1'");
    int64_t answer = -1;
    cr_expect_eq(call_count_to(5, &answer), TG_PG_REFUSED);
    cr_expect_eq(answer, -1);
}

// The schema changes under a daemon that runs.

Test(calls, a_parameter_with_a_default_may_come)
{
    given_count_to("p_last bigint", "1");
    expect_count_to(1);
    run("BEGIN");
    run("DROP FUNCTION count_to");
    given_count_to("p_first bigint DEFAULT NULL, p_last bigint DEFAULT NULL", "2 + p_last");
    run("COMMIT");
    expect_count_to(7);
    expect_count_to(7);
}

Test(calls, a_parameter_with_a_default_may_come_within_a_transaction)
{
    given_count_to("p_last bigint", "1");
    cr_assert_eq(tg_pg_begin(pg), TG_PG_OK);
    expect_count_to(1);
    run("BEGIN");
    run("DROP FUNCTION count_to");
    given_count_to("p_last bigint, p_more bigint DEFAULT NULL", "2");
    run("COMMIT");
    int64_t answer = -1; // of the one function or the other: nobody has told us in the middle of it
    cr_assert_eq(call_count_to(5, &answer), TG_PG_OK);
    cr_expect(answer == 1 || answer == 2);
    cr_assert_eq(tg_pg_commit(pg), TG_PG_OK);
    expect_count_to(2);
}

Test(calls, a_column_may_come)
{
    run("CREATE FUNCTION count_to(p_last bigint) RETURNS TABLE (count_to bigint) LANGUAGE sql AS "
        "'SELECT 1::bigint'");
    expect_count_to(1);
    run("BEGIN");
    run("DROP FUNCTION count_to");
    run("CREATE FUNCTION count_to(p_last bigint) RETURNS TABLE (more text, count_to bigint) "
        "LANGUAGE sql AS 'SELECT NULL::text, 2::bigint'");
    run("COMMIT");
    expect_count_to(2);
}

Test(calls, columns_that_become_others_are_refused_and_found_when_they_come_back)
{
    given_count_to("p_last bigint", "1");
    expect_count_to(1);
    run("DROP FUNCTION count_to");
    run("CREATE FUNCTION count_to(p_last bigint) RETURNS text LANGUAGE sql AS 'SELECT 1::text'");
    int64_t answer = -1;
    cr_expect_eq(call_count_to(5, &answer), TG_PG_REFUSED);
    cr_expect_eq(answer, -1);
    run("DROP FUNCTION count_to");
    given_count_to("p_last bigint", "3");
    expect_count_to(3);
}

static const struct tg_call forget = {.name = "forget"};

// What a pooler between us and PostgreSQL may do, or a change of the schema at the wrong moment:
// statements that were prepared are broken.
static void break_statements(void)
{
    run("CREATE OR REPLACE FUNCTION forget() RETURNS void LANGUAGE plpgsql AS $$ BEGIN EXECUTE "
        "'DEALLOCATE ALL'; END $$");
    cr_assert_eq(tg_pg_call(pg, &forget, .one = NULL), TG_PG_OK);
}

Test(calls, a_broken_statement_is_prepared_anew)
{
    given_count_to("p_last bigint", "1");
    expect_count_to(1);
    break_statements();
    expect_count_to(1);
    break_statements();
    expect_count_to(1);
}

Test(calls, a_broken_statement_ends_a_transaction_which_succeeds_when_it_is_repeated)
{
    given_count_to("p_last bigint", "1");
    run("CREATE TABLE notes (note bigint)");
    run("CREATE FUNCTION note() RETURNS void LANGUAGE sql AS 'INSERT INTO notes VALUES (1)'");
    static const struct tg_call note = {.name = "note"};
    expect_count_to(1);
    break_statements();
    int64_t answer = -1;
    cr_assert_eq(tg_pg_begin(pg), TG_PG_OK);
    cr_assert_eq(tg_pg_call(pg, &note, .one = NULL), TG_PG_OK);
    cr_expect_eq(call_count_to(5, &answer), TG_PG_RETRY);
    tg_pg_rollback(pg);
    cr_expect_str_eq(value("SELECT count(*) FROM notes"), "0");
    cr_assert_eq(tg_pg_begin(pg), TG_PG_OK);
    cr_assert_eq(tg_pg_call(pg, &note, .one = NULL), TG_PG_OK);
    expect_count_to(1);
    cr_assert_eq(tg_pg_commit(pg), TG_PG_OK);
    cr_expect_str_eq(value("SELECT count(*) FROM notes"), "1");
}

Test(calls, a_statement_that_is_broken_for_good_is_refused)
{
    given_count_to("p_last bigint", "1");
    expect_count_to(1);
    run("CREATE OR REPLACE FUNCTION count_to(p_last bigint) RETURNS bigint LANGUAGE plpgsql AS "
        "'BEGIN RETURN there_is_no_such_function(); END'");
    int64_t answer = -1;
    cr_expect_eq(call_count_to(5, &answer), TG_PG_REFUSED);
    cr_assert_eq(tg_pg_begin(pg), TG_PG_OK);
    cr_expect_neq(call_count_to(5, &answer), TG_PG_OK);
    tg_pg_rollback(pg);
    cr_assert_eq(tg_pg_begin(pg), TG_PG_OK);
    cr_expect_eq(call_count_to(5, &answer), TG_PG_REFUSED);
    tg_pg_rollback(pg);
}

static atomic_int calls_made;
static atomic_bool swapped;

// Drops the function and makes it with another parameter, again and again; at most once in a call.
static void swap_or_call(struct session *session, int thread)
{
    if (thread > 0) {
        for (int64_t answer = 0; !atomic_load(&swapped); atomic_fetch_add(&calls_made, 1)) {
            cr_assert_eq(call_count_to(5, &answer), TG_PG_OK);
            cr_assert_eq(answer, 5);
        }
        return;
    }
    for (int i = 0; i < 200; i++) {
        int made = atomic_load(&calls_made);
        const char *answer = session_rows(
            session,
            "BEGIN; DROP FUNCTION count_to; CREATE FUNCTION count_to(p_last bigint%s) RETURNS "
            "bigint LANGUAGE plpgsql AS 'BEGIN RETURN p_last; END'; COMMIT",
            i % 2 ? "" : ", p_more bigint DEFAULT NULL");
        cr_assert_str_eq(answer, "");
        while (atomic_load(&calls_made) < made + 2)
            ;
    }
    atomic_store(&swapped, true);
}

Test(calls, none_fails_while_functions_are_replaced)
{
    given_count_to("p_last bigint", "p_last");
    at_once(2, swap_or_call);
}
