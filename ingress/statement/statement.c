#include "ingress/statement/statement.h"

#include "common/base/csv.h"
#include "common/base/memory.h"
#include "common/base/time_text.h"
#include "common/limits.h"
#include "common/store/failure.h"
#include "common/store/statements.h"
#include "ingress/db/pool.h"
#include "ingress/http/answer.h"
#include "ingress/route/document.h"

#include <stdio.h>
#include <string.h>

// Rows of a page: so many are in memory, and between two pages others have their turns.
enum { STEP = TG_BATCH_MAX };

static const char *const columns[] = {"id",          "created_at",    "kind",
                                      "amount",      "balance_after", "message_id",
                                      "description", "actor",         "reference"};
enum { COLUMNS = sizeof columns / sizeof *columns, COLUMNS_OF_ORGS = COLUMNS - 2 };

struct writing {
    struct request *request;
    struct pool *pool;
    struct tg_statement_question question;
    struct tg_statement statement;
    int64_t written; // the n of the last row
    struct body file;
    struct tg_text bytes; // of the page at hand
    struct tg_statement_row rows[STEP];
};

static void append(struct writing *writing, const struct tg_span cells[static COLUMNS])
{
    tg_csv_append(&writing->bytes, cells,
                  writing->question.of_operator ? COLUMNS : COLUMNS_OF_ORGS);
}

static void append_names(struct writing *writing)
{
    struct tg_span cells[COLUMNS];
    for (size_t i = 0; i < COLUMNS; i++)
        cells[i] = tg_span_of(columns[i]);
    append(writing, cells);
}

// A line that is no row of the ledger.
static void append_balance(struct writing *writing, const char *time, const char *kind,
                           const char *balance, const char *name)
{
    char words[64];
    snprintf(words, sizeof words, "%s in %s", name, writing->statement.currency);
    const struct tg_span cells[COLUMNS] = {[1] = tg_span_of(time),
                                           [2] = tg_span_of(kind),
                                           [4] = tg_span_of(balance),
                                           [6] = tg_span_of(words)};
    append(writing, cells);
}

static void append_row(struct writing *writing, struct tg_statement_row *row)
{
    char id[24];
    snprintf(id, sizeof id, "%lld", (long long)row->n);
    const struct tg_span cells[COLUMNS] = {tg_span_of(id),
                                           tg_span_of(row->created_at),
                                           tg_span_of(row->kind),
                                           tg_span_of(row->amount),
                                           tg_span_of(row->balance_after),
                                           tg_span_of(row->message_id),
                                           tg_text_span(&row->description),
                                           tg_text_span(&row->actor),
                                           tg_text_span(&row->reference)};
    append(writing, cells);
    writing->written = row->n;
    tg_text_finish(&row->description);
    tg_text_finish(&row->actor);
    tg_text_finish(&row->reference);
}

// Moves what was written to the file.
static bool keep(struct writing *writing, struct tg_error *error)
{
    struct body *file = &writing->file;
    request_keep(writing->request, file, tg_text_string(&writing->bytes), writing->bytes.length);
    tg_text_clear(&writing->bytes);
    if (file->too_large)
        return tg_error_set(error, "invalid_field", "until",
                            "A statement has at most %d bytes: ask for a shorter period",
                            TG_STATEMENT_BYTES_MAX);
    if (file->share_used)
        return tg_error_set(error, "too_many_requests", NULL,
                            "Too many of your files are on their way");
    return !file->without_room ||
           tg_error_set(error, "overloaded", NULL, "Too many files are on their way");
}

static void end(struct writing *writing, const struct tg_error *error)
{
    struct request *request = writing->request;
    struct body file = writing->file;
    if (error) {
        request_drop_file(request, &file);
        answer_error(request, error);
    } else {
        char name[96];
        snprintf(name, sizeof name, "attachment; filename=\"statement-%.10s-%.10s.csv\"",
                 writing->statement.since, writing->statement.until);
        request_add_header(request, "Content-Disposition", name);
        request_answer(request, &(struct answer){.status = 200,
                                                 .content_type = "text/csv; charset=utf-8",
                                                 .file = &file});
    }
    tg_text_finish(&writing->bytes);
    free(writing);
}

// *more: the page was not the last one.
static bool write_page(struct tg_pg *pg, struct writing *writing, bool *more,
                       struct tg_error *error)
{
    size_t n = 0;
    enum tg_pg_status status = tg_store_list_statement(pg, &writing->question, &writing->statement,
                                                       writing->written, writing->rows, STEP, &n);
    if (status != TG_PG_OK)
        return tg_store_failure(pg, status, error);
    for (size_t i = 0; i < n; i++)
        append_row(writing, &writing->rows[i]);
    *more = n > 0 && writing->written < writing->statement.until_n;
    if (!*more)
        append_balance(writing, writing->statement.until, "closing_balance",
                       writing->statement.closing, "Closing balance");
    return keep(writing, error);
}

// Others have their turns between two pages, where there is room to wait for one.
static void go_on(struct tg_pg *pg, void *context)
{
    struct writing *writing = context;
    struct tg_error error;
    bool more = true;
    while (more) {
        if (!write_page(pg, writing, &more, &error)) {
            end(writing, &error);
            return;
        }
        if (more && request_client_has_left(writing->request)) {
            tg_error_set(&error, "unavailable", NULL, "The client has left");
            end(writing, &error);
            return;
        }
        if (more &&
            pool_submit(writing->pool, writing->question.org_id, go_on, writing) == TG_FAIR_ADDED)
            return;
    }
    end(writing, NULL);
}

// A time, or a day, which is its beginning in UTC. Absent leaves *time_ms as it is.
static bool read_time(struct request *request, const char *name, int64_t *time_ms,
                      struct tg_error *error)
{
    enum { DAY_LENGTH = 10, TIME_MAX = 36 };
    const char *text = request_parameter(request, name);
    char time[TIME_MAX + sizeof "T00:00:00Z"];
    if (!text)
        return true;
    snprintf(time, sizeof time, "%.*s%s", TIME_MAX, text,
             strlen(text) == DAY_LENGTH ? "T00:00:00Z" : "");
    return (strlen(text) <= TIME_MAX && tg_time_parse(time, time_ms) && *time_ms > 0) ||
           tg_error_set(error, "invalid_field", name,
                        "%s must be a day such as 2026-11-28, or a time such as "
                        "2026-11-28T09:30:00Z, of 1970 or later",
                        name);
}

// False: answered.
static bool read_org(struct request *request, const struct identity *caller,
                     struct tg_statement_question *question)
{
    if (!question->of_operator)
        return document_org(request, caller, &question->org_id);
    struct tg_span text = endpoint_segment(request, "org");
    if (tg_uuid_parse(text.data, text.length, &question->org_id))
        return true;
    answer_refusal(request, "invalid_field", "org", "org must be a UUID");
    return false;
}

static void write_statement(struct tg_pg *pg, struct request *request,
                            const struct identity *caller)
{
    struct tg_statement_question question = {.of_operator = caller->proof == PROOF_OPERATOR};
    struct tg_statement statement;
    struct tg_error error;
    if (!document_knows_query(request) || !read_org(request, caller, &question))
        return;
    bool good = read_time(request, "since", &question.since_ms, &error) &&
                read_time(request, "until", &question.until_ms, &error);
    if (good) {
        enum tg_pg_status status = tg_store_open_statement(pg, &question, &statement);
        good = status == TG_PG_OK || tg_store_failure(pg, status, &error);
    }
    if (!good) {
        answer_error(request, &error);
        return;
    }
    struct writing *writing = tg_alloc(sizeof *writing);
    memset(writing, 0, sizeof *writing);
    writing->request = request;
    writing->pool = endpoint_context(request);
    writing->question = question;
    writing->statement = statement;
    writing->written = statement.after_n;
    writing->file = body_of(BODY_FILE, TG_STATEMENT_BYTES_MAX);
    append_names(writing);
    append_balance(writing, statement.since, "opening_balance", statement.opening,
                   "Opening balance");
    go_on(pg, writing);
}

const struct endpoint statement_endpoints[] = {
    {.method = "GET",
     .path = "/api/wallet/statement",
     .who = CALLER_ORG,
     .right = RIGHT_MONEY,
     ENDPOINT_QUERY("since", "until", "org_id"),
     .on_database = write_statement,
     .says = "The org's ledger of a period as a file for spreadsheets, oldest first.",
     .answer = "Statement"},
    {0},
};

const struct endpoint desk_statement_endpoints[] = {
    {.method = "GET",
     .path = "/admin/orgs/{org}/wallet/statement",
     .who = CALLER_OPERATOR,
     .role = ROLE_VIEWER,
     ENDPOINT_QUERY("since", "until"),
     .on_database = write_statement,
     .says = "The org's ledger of a period as a file for spreadsheets, and who has booked.",
     .answer = "Statement"},
    {0},
};
