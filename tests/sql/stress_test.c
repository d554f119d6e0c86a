// Everything at the same moment, at random: no message stays in between for ever, and no money is
// lost.

#include "tests/sql/inbound.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

TestSuite(stress, .init = database_create, .fini = database_drop, .timeout = 120);

enum { THREADS = 6, ROUNDS = 80, ORGS = 3, CONTACTS = 4, SEED = 20240611 };
static const char *orgs[ORGS];
static const char *unexpected[THREADS + 1]; // the last: of who settles what is left

struct dice {
    struct session *session;
    int thread;
    int round;
    unsigned seed;
};

// At random, below n.
static int throw(struct dice * dice, int n)
{
    return rand_r(&dice->seed) % n;
}

static void act(const struct dice *dice, const char *sql)
{
    const char *answer = session_rows_again(dice->session, sql);
    if (strncmp(answer, "error", 5) == 0)
        unexpected[dice->thread] = text("%s: %s", sql, answer);
}

static void accept_some(struct dice *dice)
{
    struct send_spec sends[5];
    for (int i = 0; i < 5; i++)
        sends[i] = (struct send_spec){
            .org = orgs[throw(dice, ORGS)],
            .phone = text("91987654321%d", throw(dice, CONTACTS)),
            .priority = throw(dice, 2) ? "high" : "bulk",
            .send_in_ms = throw(dice, 4) ? 0 : 1 + throw(dice, 500),
            .not_after_in_ms = throw(dice, 10) ? 0 : 100 + throw(dice, 1000),
            .key = throw(dice, 5) ? NULL : text("%d", throw(dice, 50)),
        };
    act(dice, accept_sends_sql(sends, 5));
}

// Claims some of what is queued; leaves the claims alone now and then, as a worker that dies.
static void claim_some(struct dice *dice, const char *outcomes, bool dies)
{
    const char *claim_id =
        text("%08x-%04x-4000-8000-%012x", dice->thread, dice->round, dice->seed & 0xffff);
    act(dice,
        text("SELECT count(*) FROM (SELECT array_agg(org_id) AS a, array_agg(message_id) AS b FROM "
             "(SELECT org_id, message_id FROM outbox WHERE state = 'queued' "
             "ORDER BY md5(message_id || '%d') LIMIT 6) o) q, claim_sends('%s', q.a, q.b)",
             throw(dice, 1000), claim_id));
    if (dies)
        return;
    act(dice,
        text("SELECT count(*) FROM (SELECT array_agg(org_id) AS a, array_agg(message_id) AS b, "
             "array_agg(claim_id) AS c, array_agg(outcome) AS d, "
             "array_agg(CASE WHEN outcome = 'sent' THEN 'wamid.' || message_id END) AS e, "
             "array_agg(NULL::text) AS f, array_agg(false) AS g, array_agg(0::bigint) AS h "
             "FROM (SELECT o.*, ('%s'::text[])[1 + abs(hashtext(message_id || '%d')) %% "
             "cardinality('%s'::text[])] AS outcome FROM outbox o WHERE claim_id = '%s' "
             "AND state = 'sending') s) batch, settle_sends(a, b, c, d, e, f, g, h)",
             outcomes, throw(dice, 1000), outcomes, claim_id));
}

static void hear_some(struct dice *dice)
{
    static const char *const statuses[] = {"sent", "delivered", "read", "failed"};
    const char *status = statuses[throw(dice, 4)];
    act(dice,
        text("SELECT count(*) FROM (SELECT array_agg(phone_number_id) AS a, array_agg('wamid.' || "
             "id) "
             "AS b, array_agg(id) AS c, array_agg('%s'::text) AS d, "
             "array_agg(extract(epoch FROM now())::bigint) AS e, array_agg(NULL::text) AS f, "
             "array_agg(CASE WHEN '%s' = 'failed' THEN '131000' END) AS g FROM (SELECT m.id, "
             "c.phone_number_id FROM messages m JOIN channels c ON c.id = m.channel_id WHERE "
             "m.status "
             "<> 'failed' AND (m.attempts > 0 OR EXISTS (SELECT FROM outbox o WHERE o.message_id = "
             "m.id AND o.state = 'sending')) ORDER BY md5(m.id || '%d') LIMIT 4) s) batch, "
             "apply_statuses(a, b, c, d, e, f, g, f)",
             status, status, throw(dice, 1000)));
}

static void end_some(struct dice *dice)
{
    act(dice,
        text("SELECT cancel_send(org_id, message_id) FROM (SELECT org_id, message_id FROM outbox "
             "WHERE state IN ('scheduled', 'held') ORDER BY md5(message_id || '%d') LIMIT 1) o",
             throw(dice, 1000)));
    act(dice, "SELECT count(*) FROM expire_sends(20)");
    act(dice, "SELECT count(*) FROM unconfirm_sends(300, 20)");
    act(dice, "SELECT count(*) FROM fail_unheard_sends(1, 20)");
}

static void schedule(struct dice *dice)
{
    act(dice, "SELECT count(*) FROM release_due_sends(20)");
    if (throw(dice, 3) == 0)
        act(dice, text("UPDATE channels SET access_token = 'token %d.%d' WHERE org_id = '%s'",
                       dice->thread, dice->round, orgs[throw(dice, ORGS)]));
}

static void act_at_random(struct session *session, int thread)
{
    struct dice dice = {.session = session, .thread = thread, .seed = SEED + (unsigned)thread};
    for (; dice.round < ROUNDS && !unexpected[thread]; dice.round++) {
        int choice = throw(&dice, 10);
        if (choice < 3)
            accept_some(&dice);
        else if (choice < 6)
            claim_some(&dice,
                       "{sent,sent,sent,131000,131026,130429,network:after_write,190,network:dns}",
                       throw(&dice, 8) == 0);
        else if (choice < 7)
            hear_some(&dice);
        else if (choice < 8)
            end_some(&dice);
        else
            schedule(&dice);
    }
}

// Lets time pass and workers work until nothing is left.
static void drain(void)
{
    struct dice dice = {.session = session_open(), .thread = THREADS, .seed = SEED};
    for (; dice.round < 200 && strcmp(number_of("outbox"), "0") != 0; dice.round++) {
        run("UPDATE channels SET access_token = 'last', status = 'active'");
        run("UPDATE pace SET slowed_at = NULL");
        make_due();
        act(&dice, "SELECT count(*) FROM unconfirm_sends(0, 1000)");
        act(&dice, "SELECT count(*) FROM expire_sends(1000)");
        act(&dice, "SELECT count(*) FROM release_due_sends(1000)");
        for (int i = 0; i < 10; i++)
            claim_some(&dice, "{sent}", false);
    }
    session_close(dice.session);
}

Test(stress, whatever_happens_at_the_same_moment_everything_ends_and_adds_up)
{
    (void)fprintf(stderr, "seed %d\n", SEED);
    for (int i = 0; i < ORGS; i++) {
        orgs[i] = given_org(.balance = i ? "1000.00" : "20.00");
        given_channel(.org = orgs[i], .max_mps = i == 2 ? "5" : "10000");
    }
    at_once(THREADS, act_at_random);
    for (int i = 0; i < THREADS; i++)
        cr_assert_null(unexpected[i], "%s", unexpected[i]);
    assert_healthy();
    drain();
    cr_assert_null(unexpected[THREADS], "%s", unexpected[THREADS]);
    assert_no_rows(rows("SELECT * FROM outbox"));
    run("SELECT fail_unheard_sends(-1, 100000)");
    assert_no_rows(
        rows("SELECT id, status FROM messages WHERE status IN ('queued', 'unconfirmed')"));
    assert_healthy();
}
