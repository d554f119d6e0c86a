#include "tests/faults/crier.h"

#include "common/base/text.h"
#include "tests/faults/hand.h"

#include <stdlib.h>
#include <string.h>

enum { BETWEEN_MS = 500, MADE_MAX = 8192, RECENT = 6 };

// How campaigns begin and end that nobody stops, in turns.
static const struct {
    const char *members; // of what they are made of, as SQL
    bool by_itself;      // it starts without being told to
} kinds[] = {
    {"'{}'", false},
    {"json_build_object('send_at', clock_timestamp() + interval '1 s')", true},
    {"json_build_object('not_after', clock_timestamp() + interval '2 s', 'max_mps', 3)", false},
    {"'{\"max_mps\": 5}'", false},
};
enum { KINDS = sizeof kinds / sizeof *kinds };

static const struct verb {
    const char *name;
    bool ends; // it is cancelled then
} verbs[] = {{"pause", false}, {"resume", false}, {"cancel", true}};
enum { VERBS = sizeof verbs / sizeof *verbs };

struct cry {
    int org;
    bool runs; // it was answered that it does
    bool is_cancelled;
};

struct crier {
    struct hand hand;
    long made;
    struct cry cries[MADE_MAX + 1]; // from 1
};

// False: nobody has answered. A refusal is an answer: that it was done before, or cannot be;
// *document is then "".
static bool is_answered(struct crier *crier, const char *sql, const char **document)
{
    PGresult *result = hand_asks(&crier->hand, sql);
    const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    bool done = PQresultStatus(result) == PGRES_TUPLES_OK;
    bool answered = done || (sqlstate && strncmp(sqlstate, "TG", 2) == 0);
    *document = done && PQntuples(result) > 0 ? text_of("%s", PQgetvalue(result, 0, 0)) : "";
    PQclear(result);
    if (!answered)
        hand_hangs_up(&crier->hand);
    return answered;
}

static const char *insist(struct crier *crier, const char *sql)
{
    const char *document = "";
    while (!is_answered(crier, sql, &document))
        testbed_pause();
    return document;
}

const char *crier_phone(const char *number, const char *recipient)
{
    return text_of("'" CRIER_PHONES "' || lpad((%s * %d + %s)::text, 8, '0')", number,
                   CRIER_RECIPIENTS, recipient);
}

static const char *make(const struct crier *crier, const char *org)
{
    return text_of(
        "SELECT create_campaign('crier', '%s', md5('%ld')::uuid, ('{\"type\": \"text\", "
        "\"parts\": [\"\\\"type\\\":\\\"text\\\",\\\"text\\\":{\\\"body\\\":\\\"Hear, \", "
        "\"\\\"}}\"], \"placeholders\": [\"name\"]}'::jsonb || %s::jsonb)::json, "
        "'campaign %ld', sha256('x'));"
        "SELECT add_recipients('%s', md5('%ld')::uuid, array_agg(g), array_agg(%s), "
        "array_agg(NULL::text), array_agg('[\"all\"]'::text)) FROM generate_series(1, %d) g;"
        "SELECT finish_campaign('crier', '%s', md5('%ld')::uuid)",
        org, crier->made, kinds[crier->made % KINDS].members, crier->made, org, crier->made,
        crier_phone(text_of("%ld", crier->made), "g"), CRIER_RECIPIENTS, org, crier->made);
}

static bool runs(const char *document)
{
    return strstr(document, "\"state\" : \"running\"") != NULL;
}

static void cry(struct crier *crier)
{
    int org = draw_below(&crier->hand.draw, RIG_ORGS);
    const char *org_id = crier->hand.rig->orgs[org].id;
    struct cry *cry = &crier->cries[++crier->made];
    cry->org = org;
    (void)insist(crier, make(crier, org_id));
    if (!kinds[crier->made % KINDS].by_itself)
        cry->runs = runs(insist(crier, text_of("SELECT start_campaign('crier', '%s', "
                                               "md5('%ld')::uuid, '{}')",
                                               org_id, crier->made)));
}

// To one that was made of late.
static void intervene(struct crier *crier)
{
    long back = draw_below(&crier->hand.draw, crier->made < RECENT ? (int)crier->made : RECENT);
    long which = crier->made - back;
    const struct verb *verb = &verbs[draw_below(&crier->hand.draw, VERBS)];
    const char *document =
        insist(crier, text_of("SELECT %s_campaign('crier', c.org_id, c.id) FROM campaigns c "
                              "WHERE c.id = md5('%ld')::uuid",
                              verb->name, which));
    crier->cries[which].is_cancelled |= verb->ends && *document;
}

static void *run(void *argument)
{
    struct crier *crier = argument;
    while (!hand_is_closing(&crier->hand) && crier->made < MADE_MAX) {
        cry(crier);
        intervene(crier);
        for (long long end_ms = testbed_now_ms() + BETWEEN_MS; testbed_now_ms() < end_ms;)
            testbed_pause();
    }
    // One by one: each may expire meanwhile.
    for (long i = 1; i <= crier->made; i++)
        (void)insist(crier,
                     text_of("SELECT resume_campaign('crier', c.org_id, c.id) FROM campaigns c "
                             "WHERE c.id = md5('%ld')::uuid AND c.state = 'paused'",
                             i));
    return NULL;
}

struct crier *crier_open(struct rig *rig)
{
    struct crier *crier = calloc(1, sizeof *crier);
    cr_assert(crier);
    hand_init(&crier->hand, rig, 2);
    hand_start(&crier->hand, run, crier);
    return crier;
}

void crier_close(struct crier *crier)
{
    hand_stop(&crier->hand);
}

const char *crier_campaigns(const struct crier *crier)
{
    TG_TEXT_AUTO rows = {0};
    for (long i = 1; i <= crier->made; i++)
        tg_text_append_format(&rows, "%s(md5('%ld')::uuid, '%s'::uuid, %ld, %s, %s)",
                              i > 1 ? ", " : "", i, crier->hand.rig->orgs[crier->cries[i].org].id,
                              i, crier->cries[i].runs ? "true" : "false",
                              crier->cries[i].is_cancelled ? "true" : "false");
    return text_of("%s", tg_text_string(&rows));
}
