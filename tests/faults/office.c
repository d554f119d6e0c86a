#include "tests/faults/office.h"

#include "tests/faults/draw.h"

#include <libpq-fe.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { BETWEEN_MS = 250, AMOUNT_MAX = 5000, AGAIN_MAX = 3 };

struct office {
    struct rig *rig;
    pthread_t thread;
    atomic_bool closing;
    struct draw draw;
    PGconn *connection; // NULL: none
    long booked[RIG_ORGS];
    long references;
    const char *refusal; // the last one
};

static void connect_office(struct office *office)
{
    office->connection = PQconnectdb(
        text_of("postgresql://postgres@127.0.0.1:%d/%s?connect_timeout=5&sslmode=disable"
                "&gssencmode=disable&options=-cclient_min_messages%%3Dwarning",
                proxy_port(office->rig->to_postgres), office->rig->gateway->database->name));
}

// What refuses such a call for good: its values, or what is there.
static bool is_final(const char *sqlstate)
{
    return sqlstate && (strncmp(sqlstate, "22", 2) == 0 || strncmp(sqlstate, "23", 2) == 0);
}

// A call whose answer is lost may have been committed.
static bool book(struct office *office, const char *sql)
{
    if (!office->connection)
        connect_office(office);
    PGresult *result = PQexec(office->connection, sql);
    bool booked = PQresultStatus(result) == PGRES_TUPLES_OK;
    bool refused = is_final(PQresultErrorField(result, PG_DIAG_SQLSTATE));
    if (refused)
        office->refusal = text_of("%s", PQresultErrorMessage(result));
    PQclear(result);
    if (!booked && !refused) {
        PQfinish(office->connection);
        office->connection = NULL;
    }
    return booked || refused;
}

static const char *next_booking(struct office *office)
{
    int org = draw_below(&office->draw, RIG_ORGS);
    bool corrects = draw_below(&office->draw, 2) == 0;
    long amount = 1 + draw_below(&office->draw, AMOUNT_MAX);
    if (corrects && draw_below(&office->draw, 2) == 0)
        amount = -amount;
    office->booked[org] += amount;
    office->references++;
    return text_of("SELECT %s('%s', %ld / 100.0, 'by hand', 'reference %ld')",
                   corrects ? "adjust_wallet" : "add_wallet_credits", office->rig->orgs[org].id,
                   amount, office->references);
}

static void *run(void *argument)
{
    struct office *office = argument;
    while (!atomic_load(&office->closing)) {
        const char *sql = next_booking(office);
        for (int left = 1 + draw_below(&office->draw, AGAIN_MAX); left > 0;) {
            if (book(office, sql))
                left--;
            else
                testbed_pause();
        }
        for (long long end_ms = testbed_now_ms() + BETWEEN_MS; testbed_now_ms() < end_ms;)
            testbed_pause();
    }
    return NULL;
}

struct office *office_open(struct rig *rig)
{
    struct office *office = calloc(1, sizeof *office);
    cr_assert(office);
    office->rig = rig;
    office->refusal = "";
    office->draw = draw_of(rig->seed + 1);
    cr_assert(pthread_create(&office->thread, NULL, run, office) == 0);
    return office;
}

void office_close(struct office *office)
{
    atomic_store(&office->closing, true);
    pthread_join(office->thread, NULL);
    PQfinish(office->connection);
    office->connection = NULL;
}

long office_booked(const struct office *office, int org)
{
    return office->booked[org];
}

long office_references(const struct office *office)
{
    return office->references;
}

const char *office_refusal(const struct office *office)
{
    return office->refusal;
}
