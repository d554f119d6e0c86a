#include "tests/faults/checker.h"

#include "common/base/text.h"
#include "tests/faults/cries.h"
#include "tests/faults/people.h"
#include "tests/faults/told.h"
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
    // Of a worker: what TLS takes for as many connections as six endpoints have at the most.
    ENDPOINTS_SLACK_KIB = 6 * 64 * 64,
};

void violated(struct check *check, const char *format, ...)
{
    if (check->violations++ >= SHOWN_MAX)
        return;
    va_list args;
    va_start(args, format);
    tg_text_append_string(&check->shown, text_of_list(format, args));
    va_end(args);
    tg_text_append_string(&check->shown, "\n");
}

void expect_none(struct check *check, const char *what, const char *query)
{
    const char *wrong =
        database_text(check->rig->gateway->database,
                      "WITH wrongs (w) AS MATERIALIZED (%s) SELECT (SELECT count(*) FROM wrongs) "
                      "|| ': ' || string_agg(l.w, ', ') FROM (SELECT w FROM wrongs LIMIT 8) l "
                      "HAVING count(*) > 0",
                      query);
    if (*wrong)
        violated(check, "%s: %s", what, wrong);
}

// --- At rest -------------------------------------------------------------------------------------

// A channel that lost its token gets another one, as its org would do; what waits for it goes on.
static void renew_tokens(struct database *database)
{
    (void)database_text(database,
                        "UPDATE channels SET access_token = 'EAA' || random(), status = 'active' "
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

// What waits in the outbox, and why as far as it says: who reads it cannot ask the database any
// more.
static const char *rows_waiting(struct database *database)
{
    return database_text(
        database,
        "SELECT string_agg(format('%%s %%s rows in the outbox (queued before %%s, claimed before "
        "%%s, attempt %%s, to be looked at in %%s, channel %%s)', "
        "n, state, queued, claimed, attempt, look, channel), ', ') "
        "FROM (SELECT o.state, count(*) AS n, now() - min(o.queued_at) AS queued, "
        "now() - min(o.claimed_at) AS claimed, min(o.attempt) AS attempt, "
        "min(o.look_at) - now() AS look, min(concat_ws(' ', h.status, h.paused_for)) AS channel "
        "FROM outbox o JOIN channels h ON h.org_id = o.org_id AND h.id = o.channel_id "
        "GROUP BY o.state) w");
}

// What became of the messages before the first that is held by nobody, newest first.
static const char *history_of_held(struct database *database)
{
    return database_text(
        database,
        "SELECT coalesce(' before the first that is held: ' || string_agg(format('%%s %%s %%s at "
        "%%s "
        "(campaign: %%s)', m.id, m.status, m.error_code, "
        "coalesce(m.sent_at, m.failed_at, m.unconfirmed_at), EXISTS (SELECT FROM campaign_messages "
        "k WHERE k.message_id = m.id)), ', '), '') FROM (SELECT m.* FROM (SELECT o.* FROM outbox o "
        "WHERE o.state = 'held' ORDER BY o.seq LIMIT 1) o JOIN messages m ON m.org_id = o.org_id "
        "AND m.channel_id = o.channel_id AND m.contact_id = o.contact_id AND m.direction = "
        "'outbound' ORDER BY m.id DESC LIMIT 8) m");
}

// What stands in the way of rest, "" if nothing does.
static const char *unrest(struct rig *rig)
{
    struct database *database = rig->gateway->database;
    const char *outbox = rows_waiting(database);
    if (*outbox)
        return text_of("%s%s", outbox, history_of_held(database));
    if (simulator_webhook_stat(rig->gateway->simulator, "waiting") > 0)
        return "Meta has webhooks to post";
    long campaigns = database_number(
        database,
        "SELECT count(*) FROM campaigns WHERE state IN ('scheduled', 'running', 'paused')");
    if (campaigns > 0)
        return text_of("%ld campaigns", campaigns);
    const char *entries = entries_left(rig);
    if (*entries)
        return entries;
    long dead =
        database_number(database, "SELECT count(*) FROM dead_letters WHERE retry_at < 'infinity'");
    if (dead > 0)
        return text_of("%ld dead letters wait for another try", dead);
    if (database_number(database, "SELECT count(*) FROM messages WHERE status = 'unconfirmed'") > 0)
        return "messages are unconfirmed";
    if (database_number(database, "SELECT count(*) FROM awaited") > 0)
        return "deliveries are awaited";
    return told_unrest(rig);
}

static void come_to_rest(struct rig *rig)
{
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
        "SELECT m.id, h.phone_number_id, coalesce(ltrim(m.payload ->> 'to', '+'), "
        "m.payload ->> 'recipient'), m.contact_id, coalesce(o.state, m.status), "
        "coalesce(m.error_code, ''), "
        "EXISTS (SELECT FROM auto_replies a WHERE a.org_id = m.org_id AND a.reply_id = m.id) "
        "OR EXISTS (SELECT FROM campaign_messages k WHERE k.message_id = m.id), "
        "EXISTS (SELECT FROM attempts a JOIN error_rules r ON r.outcome = a.outcome "
        "WHERE a.org_id = m.org_id AND a.message_id = m.id AND r.unconfirmed) "
        "FROM messages m JOIN channels h ON h.org_id = m.org_id AND h.id = m.channel_id "
        "LEFT JOIN outbox o ON o.message_id = m.id "
        "WHERE m.direction = 'outbound' AND m.origin IS NULL AND m.type <> 'receipt' "
        "ORDER BY m.id";
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
                                      .to = PQgetvalue(result, i, 2),
                                      .contact_id = PQgetvalue(result, i, 3),
                                      .state = PQgetvalue(result, i, 4),
                                      .error_code = PQgetvalue(result, i, 5),
                                      .reply = PQgetvalue(result, i, 6)[0] == 't',
                                      .doubtful = PQgetvalue(result, i, 7)[0] == 't'};
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

// How many sends had each fate; receipts or others.
struct fates {
    size_t of[SEND_UNKNOWN + 1];
};

static void check_number(struct check *check, const char *what, size_t there,
                         const struct fates *fates)
{
    if (there < fates->of[SEND_ACCEPTED] ||
        there > fates->of[SEND_ACCEPTED] + fates->of[SEND_UNKNOWN])
        violated(check, "I3: %zu %s for %zu that were accepted and %zu unknown ones", there, what,
                 fates->of[SEND_ACCEPTED], fates->of[SEND_UNKNOWN]);
}

static void check_accepted(struct check *check, const struct sent *sent)
{
    const struct row *row = find_row(check, sent->id);
    const char *to = workload_contact(check->rig->workload, sent->contact)->names[sent->name];
    if (!row)
        violated(check, "I3: %s was answered 202 and is not there", sent->id);
    else if (strcmp(row->to, to) != 0)
        violated(check, "%s is to %s, not to %s", row->id, row->to, to);
}

// I3, I8: every 202 is there and final, and so is everything else; nothing was made of nothing.
static void check_ends(struct check *check)
{
    static const char *const ends[] = {"sent", "delivered", "read", "failed", NULL};
    size_t n = 0;
    struct fates messages = {0};
    struct fates receipts = {0};
    const struct sent *sent = workload_sent(check->rig->workload, &n);
    for (size_t i = 0; i < n; i++) {
        bool receipt = workload_contact(check->rig->workload, sent[i].contact)->is_receipts;
        (receipt ? &receipts : &messages)->of[sent[i].fate]++;
        if (!receipt && sent[i].fate == SEND_ACCEPTED)
            check_accepted(check, &sent[i]);
    }
    size_t sends = 0;
    for (size_t i = 0; i < check->row_count; i++) {
        const struct row *row = &check->rows[i];
        if (!is_one_of(row->state, ends))
            violated(check, "I3: %s to %s is %s", row->id, row->to, row->state);
        sends += !row->reply;
    }
    check_number(check, "messages", sends, &messages);
    check_number(check, "receipts",
                 (size_t)database_number(check->rig->gateway->database,
                                         "SELECT count(*) FROM messages m WHERE type = 'receipt' "
                                         "AND status IN ('sent', 'failed') AND EXISTS (SELECT "
                                         "FROM receipts r WHERE r.message_id = m.id)"),
                 &receipts);
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
                     row->id, row->to, posts[i].number, n);
        if (strcmp(posts[i].phone_number_id, row->phone_number_id) != 0)
            violated(check, "I7: %s was posted over number %s", row->id, posts[i].phone_number_id);
        if (strcmp(posts[i].recipient, row->to) != 0)
            violated(check, "%s to %s has reached %s", row->id, row->to, posts[i].recipient);
    }
    if (taken > 1)
        violated(check, "I5: %s to %s was taken %zu times", row->id, row->to, taken);
    if (is_one_of(row->state, gone) && taken != 1)
        violated(check, "I5: %s to %s is %s and was taken %zu times", row->id, row->to, row->state,
                 taken);
    if (strcmp(row->state, "failed") == 0 && is_one_of(row->error_code, never_left) && taken > 0)
        violated(check, "I5: %s to %s failed by %s and was taken", row->id, row->to,
                 row->error_code);
}

// Those that Meta refused stand in its log.
static bool is_receipt(struct check *check, const char *id)
{
    return database_number(check->rig->gateway->database,
                           "SELECT count(*) FROM messages WHERE id = '%s' AND type = 'receipt'",
                           id) > 0;
}

static void check_posts(struct check *check)
{
    for (size_t i = 0; i < check->row_count; i++)
        check_posts_of(check, &check->rows[i]);
    for (size_t i = 0; i < check->post_count; i++) {
        const char *id = check->posts[i].message;
        if (!find_row(check, id) && !is_receipt(check, id))
            violated(check, "I3: %s was posted and is no message", id);
    }
}

// What each org began with and its office has booked since, as rows of SQL.
static const char *all_paid_in(const struct rig *rig)
{
    const struct office *office = workload_office(rig->workload);
    TG_TEXT_AUTO rows = {0};
    for (int i = 0; i < RIG_ORGS; i++)
        tg_text_append_format(&rows, "%s('%s'::uuid, 1000000 + %ld / 100.0)", i > 0 ? ", " : "",
                              rig->orgs[i].id, office ? office_booked(office, i) : 0);
    return text_of("%s", tg_text_string(&rows));
}

// What the offices have booked is there once each, and nothing else is.
static void check_bookings(struct check *check)
{
    const struct office *office = workload_office(check->rig->workload);
    if (!office)
        return;
    long n = database_number(check->rig->gateway->database,
                             "SELECT count(*) FROM bookings WHERE reference IS NOT NULL");
    if (n != office_references(office))
        violated(check, "%ld references are booked, of %ld", n, office_references(office));
    if (*office_refusal(office))
        violated(check, "a booking was refused: %s", office_refusal(office));
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
        database,
        "SELECT string_agg(w.org_id || ' by ' || w.balance - s.due, ', ') "
        "FROM wallets w JOIN (SELECT p.org_id, p.paid_in - (SELECT coalesce(sum(m.fee), 0) "
        "FROM messages m WHERE m.org_id = p.org_id AND m.direction = 'outbound' "
        "AND NOT m.refunded AND NOT m.refund_waived) AS due "
        "FROM (VALUES %s) AS p (org_id, paid_in)) s USING (org_id) "
        "WHERE w.balance <> s.due",
        all_paid_in(check->rig));
    if (*wrong)
        violated(check, "I1: balances that are not what was paid in and the fees: %s", wrong);
    check_bookings(check);
}

// What of that kind is neither org's, as it was written before a number was handed over.
static long given_up(struct check *check, enum told told)
{
    static const char *const shapes[TOLD_KINDS] = {
        [TOLD_MESSAGE] = "^(?=.*\"field\":\"messages\").*\"messages\":\\[",
        [TOLD_COPY] = "\"field\":\"(smb_message_echoes|history)\"",
    };
    if (!check->rig->handed_over || !shapes[told])
        return 0;
    return database_number(check->rig->gateway->database,
                           "SELECT count(*) FROM dead_letters WHERE reason = 'before_hand_over' "
                           "AND convert_from(body, 'UTF8') ~ '%s'",
                           shapes[told]);
}

static void check_count(struct check *check, enum told told, const char *what)
{
    long there = database_number(check->rig->gateway->database, "SELECT count(*) FROM %s", what) +
                 given_up(check, told);
    size_t expected = workload_told(check->rig->workload, told);
    expected += told == TOLD_MESSAGE ? check->greetings : 0;
    if (there != (long)expected)
        violated(check, "I6: %ld of %zu: %s", there, expected, what);
}

// Whose number sends needs no alert that it does not.
static void check_alerts(struct check *check)
{
    const char *open =
        database_text(check->rig->gateway->database,
                      "SELECT string_agg(outcome, ', ') FROM alerts WHERE kind = 'channel_paused' "
                      "AND resolved_at IS NULL");
    if (*open)
        violated(check, "alerts of numbers that send: %s", open);
    const char *silent = database_text(
        check->rig->gateway->database,
        "SELECT string_agg(DISTINCT m.error_code, ', ') FROM messages m JOIN error_rules r "
        "ON r.outcome = m.error_code WHERE r.action = 'pause_channel' AND NOT EXISTS ("
        "SELECT FROM alerts a WHERE a.org_id = m.org_id AND a.kind = 'channel_paused')");
    if (*silent)
        violated(check, "failures that pause a number, without an alert: %s", silent);
}

// What is said in a group, late, in the phone app or without words is not answered; what is
// answered is fit to be read.
static void check_meanings(struct check *check)
{
    static const char sql[] =
        "SELECT string_agg(w, ', ') FROM ("
        "SELECT 'no change ' || m.id FROM messages m WHERE m.type IN ('edit', 'revoke') "
        "AND NOT EXISTS (SELECT FROM message_changes c WHERE c.message_id = m.id) "
        "UNION ALL SELECT 'answered ' || m.id FROM auto_replies a JOIN messages m "
        "ON m.id = a.message_id WHERE m.group_id IS NOT NULL OR m.origin IS NOT NULL "
        "OR m.type <> 'text' OR m.text = 'late' "
        "UNION ALL SELECT 'unfit ' || m.id FROM auto_replies a JOIN messages m "
        "ON m.id = a.reply_id WHERE m.payload -> 'text' ->> 'body' !~ '^Welcome($|, \\S)' "
        "OR m.payload -> 'text' ->> 'body' ~ '[\\n\\t]| {5}') AS wrongs (w)";
    const char *wrong = database_text(check->rig->gateway->database, "%s", sql);
    if (*wrong)
        violated(check, "I6: what webhooks mean: %s", wrong);
}

// I6: what was told is there once, and what Meta told of ordinary messages is applied.
static void check_webhooks(struct check *check)
{
    check_meanings(check);
    if (check->rig->webhooks_lost)
        return;
    check_count(check, TOLD_MESSAGE, "messages WHERE direction = 'inbound' AND origin IS NULL");
    check_count(check, TOLD_COPY, "messages WHERE origin IS NOT NULL");
    check_count(check, TOLD_NOTICE,
                "account_notices WHERE field = 'account_update' OR value ->> 'type' = 'payment'");
    const char *dead = database_text(check->rig->gateway->database,
                                     "SELECT string_agg(reason, ', ') FROM dead_letters "
                                     "WHERE reason <> '%s'",
                                     check->rig->handed_over ? "before_hand_over" : "");
    if (*dead)
        violated(check, "I6: dead letters: %s", dead);
    for (size_t i = 0; i < check->post_count; i++) {
        const struct post *post = &check->posts[i];
        const struct row *row = find_row(check, post->message);
        bool ordinary = post->taken && strncmp(post->recipient, "1555", 4) != 0;
        if (ordinary && row && strcmp(row->state, "read") != 0)
            violated(check, "I6: %s to %s is %s; Meta has told that it was read", row->id, row->to,
                     row->state);
    }
}

// What a name's messages have come to so far: whom they are to, and the last post of any.
struct line {
    const char *contact_id;
    const char *last_id;
    long last;
};

// The line of what was sent to this contact before, under any of the names: those that lead to it
// now, and this one, also if it led to another contact before: that has turned out to be this one.
static struct line line_before(const struct line *lines, int name, const char *contact_id)
{
    struct line before = {.contact_id = contact_id};
    for (int i = 0; i < CONTACT_NAMES; i++) {
        bool counts =
            i == name || (lines[i].last_id && strcmp(lines[i].contact_id, contact_id) == 0);
        if (counts && lines[i].last > before.last) {
            before.last = lines[i].last;
            before.last_id = lines[i].last_id;
        }
    }
    return before;
}

static void check_next_in_line(struct check *check, const struct sent *sent, struct line *lines)
{
    size_t count = 0;
    const struct post *posts = posts_of(check->posts, check->post_count, sent->id, &count);
    const struct row *row = find_row(check, sent->id);
    if (count == 0 || !row)
        return;
    struct line line = line_before(lines, sent->name, row->contact_id);
    if (posts[0].number < line.last)
        violated(check, "I9: %s to %s was posted (%ld) before %s, accepted earlier (%ld)", row->id,
                 row->to, posts[0].number, line.last_id, line.last);
    if (!row->doubtful && posts[count - 1].number > line.last) {
        line.last = posts[count - 1].number;
        line.last_id = row->id;
    }
    lines[sent->name] = line;
}

// I9: a message that was accepted after another one's answer is first posted after the other's last
// post. What was given up unconfirmed holds up nobody, and Meta may see it as late as it likes.
static void check_order(struct check *check)
{
    size_t n = 0;
    const struct workload *workload = check->rig->workload;
    const struct sent *sent = workload_sent(workload, &n);
    struct line(*lines)[CONTACT_NAMES] = calloc((size_t)workload_contacts(workload), sizeof *lines);
    cr_assert(lines);
    for (size_t i = 0; i < n; i++) {
        if (sent[i].fate == SEND_ACCEPTED)
            check_next_in_line(check, &sent[i], lines[sent[i].contact]);
    }
    free(lines);
}

// AddressSanitizer keeps what is freed for a while, and looks for leaks by itself.
static void check_memory(struct check *check, const struct rig_daemon *daemon, bool is_worker)
{
    long now = rig_memory_kib(daemon);
    long slack = MEMORY_SLACK_KIB + (is_worker ? ENDPOINTS_SLACK_KIB : 0);
    if (!rig_has_address_sanitizer(daemon) && now > daemon->memory_kib + slack)
        violated(check, "%s has %ld KiB resident, %ld at its start", daemon->daemon.process->name,
                 now, daemon->memory_kib);
}

static void check_leaks(struct check *check)
{
    for (int i = 0; i < RIG_INGRESSES + check->rig->worker_count; i++) {
        const struct rig_daemon *daemon =
            i < RIG_INGRESSES ? &check->rig->ingresses[i] : &check->rig->workers[i - RIG_INGRESSES];
        long long deadline_ms = testbed_now_ms() + DESCRIPTORS_WAIT_S * 1000LL;
        while (rig_descriptors(check->rig, daemon) > daemon->descriptors + DESCRIPTORS_SLACK &&
               testbed_now_ms() < deadline_ms)
            testbed_pause();
        long now = rig_descriptors(check->rig, daemon);
        if (now > daemon->descriptors + DESCRIPTORS_SLACK)
            violated(check, "%s has %ld descriptors open, %ld at its start",
                     daemon->daemon.process->name, now, daemon->descriptors);
        check_memory(check, daemon, i >= RIG_INGRESSES);
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
    workload_finish(rig->workload);
    told_calm(rig);
    come_to_rest(rig);
    people_greet(&check);
    come_to_rest(rig);
    check_people(&check);
    people_move(&check);
    come_to_rest(rig);
    check_people(&check);
    read_rows(&check);
    check.posts = read_posts(rig->gateway->simulator, &check.post_count);
    check_ends(&check);
    check_posts(&check);
    check_cries(&check);
    check_money(&check);
    check_alerts(&check);
    check_webhooks(&check);
    check_order(&check);
    check_told(&check);
    check_leaks(&check);
    report(&check);
    cr_assert(check.violations == 0, "seed %llu, %zu violations (logs: %s):\n%s",
              (unsigned long long)rig->seed, check.violations, testbed_directory(),
              tg_text_string(&check.shown));
}
