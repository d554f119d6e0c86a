#include "tests/faults/checker.h"

#include "common/base/text.h"
#include "tests/faults/log_of_posts.h"
#include "tests/system/streams.h"

#include <fcntl.h>
#include <libpq-fe.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    QUIESCE_S = 90,
    LOOK_MS = 300,
    SHOWN_MAX = 20, // violations that are shown one by one
    // What a daemon may keep open beyond what it had at its start: its connections to Meta and from
    // the simulator's webhooks, which are reused.
    DESCRIPTORS_SLACK = 64 + 32 + 16,
    DESCRIPTORS_WAIT_S = 40, // a connection that is idle for 30 s is closed
    MEMORY_SLACK_KIB = 16 * 1024,
};

// AddressSanitizer keeps what is freed for a while, and looks for leaks by itself.
#ifdef __SANITIZE_ADDRESS__
enum { MEMORY_IS_TOLD = false };
#else
enum { MEMORY_IS_TOLD = true };
#endif

// A row of `messages`, with what the outbox says of its state.
struct row {
    const char *id;
    const char *phone_number_id;
    const char *phone;
    const char *state;
    const char *error_code; // "" if NULL
    bool reply;
    bool doubtful; // at some time nobody knew whether Meta had it
};

struct check {
    struct rig *rig;
    const char *fault;
    struct row *rows; // outbound ones, by id
    size_t row_count;
    struct post *posts;
    size_t post_count;
    size_t violations;
    struct tg_text shown;
};

static void violated(struct check *check, const char *format, ...) TG_PRINTF(2, 3);
static void violated(struct check *check, const char *format, ...)
{
    if (check->violations++ >= SHOWN_MAX)
        return;
    va_list args;
    va_start(args, format);
    tg_text_append_string(&check->shown, text_of_list(format, args));
    va_end(args);
    tg_text_append_string(&check->shown, "\n");
}

// --- At rest -------------------------------------------------------------------------------------

// A channel that lost its token gets another one, as its org would do; what waits for it goes on.
static void renew_tokens(struct database *database)
{
    (void)database_text(database,
                        "UPDATE channels SET access_token = access_token || '1', status = 'active' "
                        "WHERE status = 'paused'");
}

// A slowed channel doubles its rate each minute, for up to six: nobody waits here for so long.
static void let_channels_recover(struct database *database)
{
    (void)database_text(database, "UPDATE pace SET slowed_at = slowed_at - interval '1 minute' "
                                  "WHERE slowed_at > clock_timestamp() - interval '6 minutes'");
}

// Streams that hold anything.
static const char *entries_left(struct rig *rig)
{
    long webhooks = streams_left(rig->gateway->redis, "webhooks");
    long sends = streams_left(rig->gateway->redis, "sends");
    return webhooks || sends ? text_of("%ld webhooks and %ld jobs in Redis", webhooks, sends) : "";
}

// What stands in the way of rest, "" if nothing does.
static const char *unrest(struct rig *rig)
{
    struct database *database = rig->gateway->database;
    long outbox = database_number(database, "SELECT count(*) FROM outbox");
    if (outbox > 0)
        return text_of("%ld rows in the outbox", outbox);
    if (simulator_webhook_stat(rig->gateway->simulator, "waiting") > 0)
        return "Meta has webhooks to post";
    const char *entries = entries_left(rig);
    if (*entries)
        return entries;
    long dead =
        database_number(database, "SELECT count(*) FROM dead_letters WHERE retry_at IS NOT NULL");
    if (dead > 0)
        return text_of("%ld dead letters wait for another try", dead);
    if (database_number(database, "SELECT count(*) FROM messages WHERE status = 'unconfirmed'") > 0)
        return "messages are unconfirmed";
    return "";
}

static void come_to_rest(struct rig *rig)
{
    workload_finish(rig->workload);
    long long deadline_ms = testbed_now_ms() + QUIESCE_S * 1000LL;
    long long look_ms = 0;
    for (;;) {
        if (testbed_now_ms() < look_ms) {
            testbed_pause();
            continue;
        }
        // Again and again: what waited for the one token may use up the next.
        renew_tokens(rig->gateway->database);
        let_channels_recover(rig->gateway->database);
        const char *why = unrest(rig);
        if (*why == '\0')
            return;
        cr_assert(testbed_now_ms() < deadline_ms, "seed %llu: no rest within %d s: %s (%s)",
                  (unsigned long long)rig->seed, QUIESCE_S, why, testbed_directory());
        look_ms = testbed_now_ms() + LOOK_MS;
    }
}

// --- Reading -------------------------------------------------------------------------------------

static void read_rows(struct check *check)
{
    static const char sql[] =
        "SELECT m.id, h.phone_number_id, c.phone, coalesce(o.state, m.status), "
        "coalesce(m.error_code, ''), "
        "EXISTS (SELECT FROM auto_replies a WHERE a.org_id = m.org_id AND a.reply_id = m.id), "
        "EXISTS (SELECT FROM attempts a JOIN error_rules r ON r.outcome = a.outcome "
        "WHERE a.org_id = m.org_id AND a.message_id = m.id AND r.unconfirmed) "
        "FROM messages m JOIN channels h ON h.org_id = m.org_id AND h.id = m.channel_id "
        "JOIN contacts c ON c.org_id = m.org_id AND c.id = m.contact_id "
        "LEFT JOIN outbox o ON o.message_id = m.id WHERE m.direction = 'outbound' ORDER BY m.id";
    PGconn *connection = PQconnectdb(database_url(check->rig->gateway->database, "postgres"));
    PGresult *result = PQexec(connection, sql);
    cr_assert(PQresultStatus(result) == PGRES_TUPLES_OK, "%s", PQerrorMessage(connection));
    check->row_count = (size_t)PQntuples(result);
    check->rows = calloc(check->row_count + 1, sizeof *check->rows);
    cr_assert(check->rows);
    // The result is kept: the rows point into it.
    for (int i = 0; i < (int)check->row_count; i++)
        check->rows[i] = (struct row){.id = PQgetvalue(result, i, 0),
                                      .phone_number_id = PQgetvalue(result, i, 1),
                                      .phone = PQgetvalue(result, i, 2),
                                      .state = PQgetvalue(result, i, 3),
                                      .error_code = PQgetvalue(result, i, 4),
                                      .reply = PQgetvalue(result, i, 5)[0] == 't',
                                      .doubtful = PQgetvalue(result, i, 6)[0] == 't'};
    PQfinish(connection);
}

static int compare_rows(const void *a, const void *b)
{
    const struct row *left = a;
    const struct row *right = b;
    return strcmp(left->id, right->id);
}

static const struct row *find_row(const struct check *check, const char *id)
{
    const struct row key = {.id = id};
    return bsearch(&key, check->rows, check->row_count, sizeof key, compare_rows);
}

static bool is_one_of(const char *text, const char *const *words)
{
    for (; *words; words++)
        if (strcmp(text, *words) == 0)
            return true;
    return false;
}

// --- The checks ----------------------------------------------------------------------------------

// I3, I8: every 202 is there and final, and so is everything else; nothing was made of nothing.
static void check_ends(struct check *check)
{
    static const char *const ends[] = {"sent", "delivered", "read", "failed", NULL};
    size_t n = 0;
    size_t counts[SEND_UNKNOWN + 1] = {0};
    const struct sent *sent = workload_sent(check->rig->workload, &n);
    for (size_t i = 0; i < n; i++) {
        counts[sent[i].fate]++;
        if (sent[i].fate == SEND_ACCEPTED && !find_row(check, sent[i].id))
            violated(check, "I3: %s was answered 202 and is not there", sent[i].id);
    }
    size_t sends = 0;
    for (size_t i = 0; i < check->row_count; i++) {
        const struct row *row = &check->rows[i];
        if (!is_one_of(row->state, ends))
            violated(check, "I3: %s to %s is %s", row->id, row->phone, row->state);
        sends += !row->reply;
    }
    if (sends < counts[SEND_ACCEPTED] || sends > counts[SEND_ACCEPTED] + counts[SEND_UNKNOWN])
        violated(check, "I3: %zu messages for %zu sends that were accepted and %zu unknown ones",
                 sends, counts[SEND_ACCEPTED], counts[SEND_UNKNOWN]);
}

// I5: after a post that might have been taken there is none; what is `sent` was taken once, what
// never left was not.
static void check_posts_of(struct check *check, const struct row *row)
{
    static const char *const gone[] = {"sent", "delivered", "read", NULL};
    static const char *const never_left[] = {
        "network:refused", "network:dns", "network:tls", "network:before_write",
        "expired",         "cancelled",   NULL};
    size_t n = 0;
    size_t taken = 0;
    const struct post *posts = posts_of(check->posts, check->post_count, row->id, &n);
    for (size_t i = 0; i < n; i++) {
        taken += posts[i].taken;
        if (i + 1 < n && !post_is_refused(&posts[i]))
            violated(check, "I5: %s to %s was posted again after post %ld of %zu might be taken",
                     row->id, row->phone, posts[i].number, n);
        if (strcmp(posts[i].phone_number_id, row->phone_number_id) != 0)
            violated(check, "I7: %s was posted over number %s", row->id, posts[i].phone_number_id);
        if (strcmp(posts[i].recipient, row->phone) != 0)
            violated(check, "%s to %s has reached %s", row->id, row->phone, posts[i].recipient);
    }
    if (taken > 1)
        violated(check, "I5: %s to %s was taken %zu times", row->id, row->phone, taken);
    if (is_one_of(row->state, gone) && taken != 1)
        violated(check, "I5: %s to %s is %s and was taken %zu times", row->id, row->phone,
                 row->state, taken);
    if (strcmp(row->state, "failed") == 0 && is_one_of(row->error_code, never_left) && taken > 0)
        violated(check, "I5: %s to %s failed by %s and was taken", row->id, row->phone,
                 row->error_code);
}

static void check_posts(struct check *check)
{
    for (size_t i = 0; i < check->row_count; i++)
        check_posts_of(check, &check->rows[i]);
    for (size_t i = 0; i < check->post_count; i++) {
        if (!find_row(check, check->posts[i].message))
            violated(check, "I3: %s was posted and is no message", check->posts[i].message);
    }
}

// I1, I2, I4.
static void check_money(struct check *check)
{
    struct database *database = check->rig->gateway->database;
    const char *audit =
        database_text(database, "SELECT string_agg(a::text, E'\\n') FROM audit_ledger() a");
    if (*audit)
        violated(check, "audit_ledger: %s", audit);
    const char *wrong = database_text(
        database, "SELECT string_agg(w.org_id::text, ', ') FROM wallets w WHERE w.balance <> "
                  "1000000 - (SELECT coalesce(sum(m.fee), 0) FROM messages m "
                  "WHERE m.org_id = w.org_id AND m.direction = 'outbound' AND NOT m.refunded "
                  "AND NOT m.refund_waived)");
    if (*wrong)
        violated(check, "I1: balances that are not what was paid and the fees: %s", wrong);
}

// I6: what customers wrote is there once, and what Meta told of ordinary messages is applied.
static void check_webhooks(struct check *check)
{
    struct database *database = check->rig->gateway->database;
    if (check->rig->webhooks_lost)
        return;
    long received =
        database_number(database, "SELECT count(*) FROM messages WHERE direction = 'inbound'");
    if (received != (long)workload_inbound(check->rig->workload))
        violated(check, "I6: %ld inbound messages of %zu", received,
                 workload_inbound(check->rig->workload));
    const char *wrong = database_text(
        database, "SELECT string_agg(w, ', ') FROM ("
                  "SELECT 'no change ' || m.id FROM messages m WHERE m.type IN ('edit', 'revoke') "
                  "AND NOT EXISTS (SELECT FROM message_changes c WHERE c.message_id = m.id) "
                  "UNION ALL SELECT 'answered ' || m.id FROM auto_replies a JOIN messages m "
                  "ON m.id = a.message_id WHERE m.group_id IS NOT NULL OR m.type <> 'text' "
                  "UNION ALL SELECT 'opted out ' || v.contact_id FROM conversations v "
                  "WHERE v.opted_out_at IS NOT NULL) AS wrongs (w)");
    if (*wrong)
        violated(check, "I6: what webhooks mean: %s", wrong);
    const char *dead = database_text(database, "SELECT string_agg(reason, ', ') FROM dead_letters");
    if (*dead)
        violated(check, "I6: dead letters: %s", dead);
    for (size_t i = 0; i < check->post_count; i++) {
        const struct post *post = &check->posts[i];
        const struct row *row = find_row(check, post->message);
        bool ordinary = post->taken && strncmp(post->recipient, "1555", 4) != 0;
        if (ordinary && row && strcmp(row->state, "read") != 0)
            violated(check, "I6: %s to %s is %s; Meta has told that it was read", row->id,
                     row->phone, row->state);
    }
}

// I9: a message that was accepted after another one's answer is first posted after the other's last
// post. What was given up unconfirmed holds up nobody, and Meta may see it as late as it likes.
static void check_order(struct check *check)
{
    size_t n = 0;
    const struct workload *workload = check->rig->workload;
    const struct sent *sent = workload_sent(workload, &n);
    const char **before_id = calloc((size_t)workload_contacts(workload), sizeof *before_id);
    long *before = calloc((size_t)workload_contacts(workload), sizeof *before);
    cr_assert(before_id && before);
    for (size_t i = 0; i < n; i++) {
        size_t count = 0;
        const struct post *posts = posts_of(check->posts, check->post_count, sent[i].id, &count);
        if (sent[i].fate != SEND_ACCEPTED || count == 0)
            continue;
        int contact = sent[i].contact;
        if (posts[0].number < before[contact])
            violated(check, "I9: %s to %s was posted (%ld) before %s, accepted earlier (%ld)",
                     sent[i].id, workload_contact(workload, contact)->phone, posts[0].number,
                     before_id[contact], before[contact]);
        const struct row *row = find_row(check, sent[i].id);
        if (row && row->doubtful)
            continue;
        before[contact] = posts[count - 1].number;
        before_id[contact] = sent[i].id;
    }
    free(before_id);
    free(before);
}

static void check_memory(struct check *check, const struct rig_daemon *daemon)
{
    long now = rig_memory_kib(daemon);
    if (MEMORY_IS_TOLD && now > daemon->memory_kib + MEMORY_SLACK_KIB)
        violated(check, "%s has %ld KiB resident, %ld at its start", daemon->daemon.process->name,
                 now, daemon->memory_kib);
}

static void check_leaks(struct check *check)
{
    for (int i = 0; i < RIG_INGRESSES + check->rig->worker_count; i++) {
        const struct rig_daemon *daemon =
            i < RIG_INGRESSES ? &check->rig->ingresses[i] : &check->rig->workers[i - RIG_INGRESSES];
        long long deadline_ms = testbed_now_ms() + DESCRIPTORS_WAIT_S * 1000LL;
        while (rig_descriptors(daemon) > daemon->descriptors + DESCRIPTORS_SLACK &&
               testbed_now_ms() < deadline_ms)
            testbed_pause();
        long now = rig_descriptors(daemon);
        if (now > daemon->descriptors + DESCRIPTORS_SLACK)
            violated(check, "%s has %ld descriptors open, %ld at its start",
                     daemon->daemon.process->name, now, daemon->descriptors);
        check_memory(check, daemon);
    }
}

// --- The report ----------------------------------------------------------------------------------

// One write, as other tests append to the same file.
static void append_to_report(const char *line)
{
    const char *path = text_of("%s/faults.report", testbed_variable("TOLLGATE_TEST_RUN_DIR"));
    int fd = open(path, O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0666);
    cr_assert(fd >= 0 && write(fd, line, strlen(line)) == (ssize_t)strlen(line));
    close(fd);
}

void report_fault(const char *fault)
{
    append_to_report(text_of("%s 0 0 0\n", fault));
}

static void report(const struct check *check)
{
    struct simulator *simulator = check->rig->gateway->simulator;
    append_to_report(text_of("%s %zu %ld %zu\n", check->fault, check->row_count,
                             simulator_webhook_stat(simulator, "acknowledged"), check->violations));
}

void check_rig(struct rig *rig, const char *fault)
{
    struct check check = {.rig = rig, .fault = fault};
    come_to_rest(rig);
    read_rows(&check);
    check.posts = read_posts(rig->gateway->simulator, &check.post_count);
    check_ends(&check);
    check_posts(&check);
    check_money(&check);
    check_webhooks(&check);
    check_order(&check);
    check_leaks(&check);
    report(&check);
    cr_assert(check.violations == 0, "seed %llu, %zu violations (logs: %s):\n%s",
              (unsigned long long)rig->seed, check.violations, testbed_directory(),
              tg_text_string(&check.shown));
}
