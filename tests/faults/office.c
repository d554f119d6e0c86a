#include "tests/faults/office.h"

#include "tests/faults/hand.h"

#include <stdlib.h>
#include <string.h>

enum { BETWEEN_MS = 250, AMOUNT_MAX = 5000, AGAIN_MAX = 3 };

struct office {
    struct hand hand;
    long booked[RIG_ORGS];
    long references;
    const char *refusal; // the last one
};

// What refuses such a call for good: its values, or what is there.
static bool is_final(const char *sqlstate)
{
    return sqlstate && (strncmp(sqlstate, "22", 2) == 0 || strncmp(sqlstate, "23", 2) == 0);
}

// A call whose answer is lost may have been committed.
static bool book(struct office *office, const char *sql)
{
    PGresult *result = hand_asks(&office->hand, sql);
    bool booked = PQresultStatus(result) == PGRES_TUPLES_OK;
    bool refused = is_final(PQresultErrorField(result, PG_DIAG_SQLSTATE));
    if (refused)
        office->refusal = text_of("%s", PQresultErrorMessage(result));
    PQclear(result);
    if (!booked && !refused)
        hand_hangs_up(&office->hand);
    return booked || refused;
}

static const char *next_booking(struct office *office)
{
    int org = draw_below(&office->hand.draw, RIG_ORGS);
    bool corrects = draw_below(&office->hand.draw, 2) == 0;
    long amount = 1 + draw_below(&office->hand.draw, AMOUNT_MAX);
    if (corrects && draw_below(&office->hand.draw, 2) == 0)
        amount = -amount;
    office->booked[org] += amount;
    office->references++;
    return text_of("SELECT %s('%s', %ld / 100.0, 'by hand', 'reference %ld')",
                   corrects ? "adjust_wallet" : "add_wallet_credits",
                   office->hand.rig->orgs[org].id, amount, office->references);
}

static void *run(void *argument)
{
    struct office *office = argument;
    while (!hand_is_closing(&office->hand)) {
        const char *sql = next_booking(office);
        for (int left = 1 + draw_below(&office->hand.draw, AGAIN_MAX); left > 0;) {
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
    office->refusal = "";
    hand_init(&office->hand, rig, 1);
    hand_start(&office->hand, run, office);
    return office;
}

void office_close(struct office *office)
{
    hand_stop(&office->hand);
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
