// Statements of wallets, as files for spreadsheets.
#include "common/base/csv.h"
#include "common/limits.h"
#include "tests/system/desk.h"

#include <stdlib.h>
#include <string.h>

TestSuite(statement, .timeout = 120);

enum { RECORD_MAX = 4096, RECORDS_MAX = 64, CELLS_MAX = 9 };

struct sheet {
    size_t n;
    size_t cells; // of each record
    const char *at[RECORDS_MAX][CELLS_MAX];
};

static struct sheet sheet_of(const struct answer *answer)
{
    struct sheet sheet = {0};
    cr_assert_eq(answer->status, 200, "%d %s", answer->status, answer->body);
    expect_equal(answer_header(answer, "Content-Type"), "text/csv; charset=utf-8");
    FILE *file = fmemopen((char *)answer->body, strlen(answer->body), "r");
    struct tg_csv csv = tg_csv_of(file, RECORD_MAX);
    enum tg_csv_read read;
    while ((read = tg_csv_next(&csv)) != TG_CSV_END && sheet.n < RECORDS_MAX) {
        cr_assert_eq(read, TG_CSV_RECORD);
        cr_assert(sheet.n == 0 || csv.n == sheet.cells, "record %zu has %zu cells", sheet.n, csv.n);
        sheet.cells = csv.n;
        for (size_t i = 0; i < csv.n && i < CELLS_MAX; i++) {
            struct tg_span cell = tg_csv_cell(&csv, i);
            sheet.at[sheet.n][i] = text_of("%.*s", (int)cell.length, cell.data);
        }
        sheet.n++;
    }
    tg_csv_finish(&csv);
    fclose(file);
    return sheet;
}

static struct org given_accountant(struct gateway *gateway)
{
    struct org org = given_org(gateway);
    org.key = database_text(gateway->database,
                            "SELECT create_api_key('%s', 'all', '{send,read,money}')", org.id);
    return org;
}

static void expect_adds_up(const struct sheet *sheet)
{
    long cents = 0;
    for (size_t i = 1; i < sheet->n; i++) {
        double balance = strtod(sheet->at[i][4], NULL);
        cents +=
            (long)(strtod(sheet->at[i][3], NULL) * 100 + (*sheet->at[i][3] == '-' ? -0.5 : 0.5));
        if (i == 1)
            cents = (long)(balance * 100 + 0.5);
        cr_assert_eq(cents, (long)(balance * 100 + 0.5), "line %zu: %s", i, sheet->at[i][4]);
    }
    expect_equal(sheet->at[1][2], "opening_balance");
    expect_equal(sheet->at[sheet->n - 1][2], "closing_balance");
}

Test(statement, adds_up_and_says_what_the_list_says)
{
    struct gateway *gateway = given_gateway();
    struct org org = given_accountant(gateway);
    struct answer answer = send_text_and_wait(&org, "919876543210");
    answer = send_text_and_wait(&org, "15550131049");
    answer = send_text(&org, "15550190190");
    answer = get(&org, "/api/wallet/statement?since=2020-01-01");
    expect_equal(text_of("%.40s", answer_header(&answer, "Content-Disposition")),
                 "attachment; filename=\"statement-2020-01-");
    struct sheet sheet = sheet_of(&answer);
    cr_assert_eq(sheet.cells, 7);
    cr_assert_geq(sheet.n, 6);
    expect_equal(sheet.at[0][0], "id");
    expect_equal(sheet.at[1][4], "0.00");
    expect_equal(sheet.at[1][6], "Opening balance in INR");
    expect_adds_up(&sheet);

    answer = get(&org, "/api/wallet/transactions");
    for (size_t i = 2; i + 1 < sheet.n; i++) {
        static const char *const members[] = {
            "id", "created_at", "kind", "amount", "balance_after", "message_id", "description"};
        for (size_t k = 0; k < sizeof members / sizeof *members; k++)
            expect_equal(
                sheet.at[i][k],
                answer_text(&answer, text_of("/transactions/%zu/%s", sheet.n - 2 - i, members[k])));
    }
    stop_gateway(gateway);
}

Test(statement, has_its_period_and_its_right)
{
    struct gateway *gateway = given_gateway(.without_worker = true);
    struct org org = given_accountant(gateway);
    struct org beta = given_accountant(gateway);
    (void)database_text(gateway->database, "SELECT add_wallet_credits('%s', 5, 'second')", org.id);
    (void)database_text(
        gateway->database,
        "SET session_replication_role = replica; UPDATE wallet_transactions SET "
        "created_at = '2026-11-01T23:59:59.999Z' WHERE n = 1; UPDATE wallet_transactions "
        "SET created_at = '2026-11-02T00:00:00Z' WHERE n = 2");
    struct answer answer = get(&org, "/api/wallet/statement?since=2026-11-01&until=2026-11-02");
    struct sheet sheet = sheet_of(&answer);
    cr_assert_eq(sheet.n, 4);
    expect_equal(sheet.at[1][1], "2026-11-01T00:00:00.000Z");
    expect_equal(sheet.at[2][0], "1");
    expect_equal(sheet.at[3][1], "2026-11-02T00:00:00.000Z");
    expect_equal(sheet.at[3][4], "100.00");
    answer = get(&org, "/api/wallet/statement?since=2026-11-02T05:30:00%2B05:30&until=2026-11-03");
    sheet = sheet_of(&answer);
    cr_assert_eq(sheet.n, 4);
    expect_equal(sheet.at[1][4], "100.00");
    expect_equal(sheet.at[2][0], "2");
    expect_equal(sheet.at[3][4], "105.00");

    static const struct {
        const char *query;
        const char *code;
        const char *field;
    } bad[] = {{"since=yesterday", "invalid_field", "since"},
               {"since=2026-02-30", "invalid_field", "since"},
               {"until=2026-11-28T09:30:00", "invalid_field", "until"},
               {"until=1969-12-31", "invalid_field", "until"},
               {"since=2026-11-02&until=2026-11-01", "invalid_field", "until"},
               {"from=2026-11-02", "unknown_field", "from"}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        answer = get(&org, text_of("/api/wallet/statement?%s", bad[i].query));
        expect_refused(&answer, 400, bad[i].code, bad[i].field);
    }
    answer = get(&beta, text_of("/api/wallet/statement?org_id=%s", org.id));
    expect_refused(&answer, 403, "org_mismatch", "org_id");
    answer = get(&beta, "/api/wallet/statement?since=2020-01-01&until=2026-11-03");
    sheet = sheet_of(&answer);
    expect_equal(sheet.at[2][4], "100.00"); // its own
    org.key =
        database_text(gateway->database, "SELECT create_api_key('%s', 'r', '{read}')", org.id);
    answer = get(&org, "/api/wallet/statement");
    cr_assert_eq(answer.status, 403);
    expect_equal(answer_text(&answer, "/code"), "missing_right");
    stop_gateway(gateway);
}

Test(statement, is_harmless_in_a_spreadsheet_and_tells_operators_who_has_booked)
{
    struct gateway *gateway = given_gateway(.desk = true, .without_worker = true);
    struct org org = given_accountant(gateway);
    struct answer answer =
        tell(gateway, "POST", text_of("/admin/orgs/%s/wallet/adjustments", org.id),
             "{\"amount\": \"-12.5\", \"reason\": \"=HYPERLINK(\\\"http://x\\\",\\\"y\\\")\", "
             "\"reference\": \"@inv, 1\"}");
    cr_assert_eq(answer.status, 201, "%s", answer.body);
    answer = look(gateway, text_of("/admin/orgs/%s/wallet/statement?since=2020-01-01", org.id));
    struct sheet sheet = sheet_of(&answer);
    cr_assert_eq(sheet.cells, 9);
    expect_adds_up(&sheet);
    expect_equal(sheet.at[3][3], "-12.50");
    expect_equal(sheet.at[3][6], "'=HYPERLINK(\"http://x\",\"y\")");
    expect_equal(sheet.at[3][7], "operator:admin");
    expect_equal(sheet.at[3][8], "'@inv, 1");
    cr_assert(strstr(answer.body, ",-12.50,87.50,"), "%s", answer.body);
    answer = look(gateway, "/admin/orgs/00000000-0000-4000-8000-000000000000/wallet/statement");
    expect_refused(&answer, 404, "org_not_found", "org_id");
    answer = look(gateway, "/admin/orgs/acme/wallet/statement");
    expect_refused(&answer, 400, "invalid_field", "org");
    stop_gateway(gateway);
}

Test(statement, has_its_bounds)
{
    struct gateway *gateway = given_gateway(.without_worker = true);
    struct org org = given_accountant(gateway);
    (void)database_text(
        gateway->database,
        "SET session_replication_role = replica; INSERT INTO wallet_transactions (org_id, "
        "n, kind, amount, balance_after) SELECT '%s', i, 'recharge', 1, 99 + i FROM "
        "generate_series(2, %d) i",
        org.id, TG_STATEMENT_ROWS_MAX);
    struct answer answer = get(&org, "/api/wallet/statement?since=2020-01-01");
    cr_assert_eq(answer.status, 200);
    size_t lines = 0;
    for (const char *at = answer.body; (at = strchr(at, '\n')); at++)
        lines++;
    cr_assert_eq(lines, TG_STATEMENT_ROWS_MAX + 3);
    cr_assert(strstr(answer.body, "closing_balance,,200099.00,"));
    (void)database_text(gateway->database, "SELECT add_wallet_credits('%s', 1, 'one more')",
                        org.id);
    answer = get(&org, "/api/wallet/statement?since=2020-01-01");
    expect_refused(&answer, 400, "invalid_field", "until");
    stop_gateway(gateway);
}
