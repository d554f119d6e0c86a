#include "tests/faults/cries.h"

#include <stdlib.h>
#include <string.h>

#define CRIES "(VALUES %s) AS r (id, org_id, number, runs, is_cancelled)"

// What was answered has come true, and all has ended that has begun.
static void check_states(struct check *check, const char *cries)
{
    expect_none(check, "I3: campaigns that are not as it was answered",
                text_of("SELECT format('%%s is %%s', r.number, coalesce(c.state, 'not there')) "
                        "FROM " CRIES " LEFT JOIN campaigns c USING (org_id, id) "
                        "WHERE r.runs AND (c.started_at IS NULL OR c.state = 'draft') "
                        "OR r.is_cancelled AND c.state IS DISTINCT FROM 'cancelled' "
                        "OR c.state NOT IN ('draft', 'done', 'cancelled', 'expired')",
                        cries));
    expect_none(check, "I3: campaigns of nobody's",
                text_of("SELECT c.id::text FROM campaigns c "
                        "WHERE NOT EXISTS (SELECT FROM " CRIES
                        " WHERE r.org_id = c.org_id AND r.id = c.id)",
                        cries));
}

// Each recipient has one message at the most, to where it was to go, and of a campaign that is done
// each has one.
static void check_recipients(struct check *check, const char *cries)
{
    expect_none(check, "I3: recipients with two messages",
                "SELECT min(k.message_id::text) FROM campaign_messages k "
                "GROUP BY k.campaign_id, k.n HAVING count(*) > 1");
    expect_none(check, "I3: messages of campaigns to somebody else",
                text_of("SELECT m.id::text FROM campaign_messages k JOIN messages m "
                        "ON m.org_id = k.org_id AND m.id = k.message_id "
                        "LEFT JOIN " CRIES " ON r.org_id = k.org_id AND r.id = k.campaign_id "
                        "WHERE ltrim(m.payload ->> 'to', '+') IS DISTINCT FROM %s",
                        cries, crier_phone("r.number", "k.n")));
    expect_none(check, "I3: campaigns without all their messages",
                text_of("SELECT format('%%s: %%s', c.id, count(k.n)) FROM campaigns c LEFT JOIN "
                        "campaign_messages k ON k.campaign_id = c.id WHERE c.state = 'done' "
                        "GROUP BY c.id, c.recipients HAVING count(k.n) <> c.recipients "
                        "OR c.recipients <> %d",
                        CRIER_RECIPIENTS));
}

// Once, when it started, for all; and all of it was released again, piece by piece.
static void check_reservations(struct check *check)
{
    expect_none(
        check, "I1: campaigns that have reserved or released something else",
        "SELECT format('%s (%s) -%s +%s', c.id, c.state, b.reserved, b.released) FROM campaigns c "
        "CROSS JOIN LATERAL (SELECT count(*) FILTER (WHERE t.kind = 'reservation') AS times, "
        "coalesce(-sum(t.amount) FILTER (WHERE t.kind = 'reservation'), 0) AS reserved, "
        "coalesce(sum(t.amount) FILTER (WHERE t.kind = 'release'), 0) AS released "
        "FROM campaign_bookings k JOIN wallet_transactions t ON t.org_id = k.org_id AND t.n = k.n "
        "WHERE k.org_id = c.org_id AND k.campaign_id = c.id) b "
        "WHERE b.reserved <> b.released OR b.times <> (c.started_at IS NOT NULL)::integer "
        "OR b.reserved <> CASE WHEN c.started_at IS NULL THEN 0 ELSE 0.20 * c.recipients END");
}

static int compare(const void *a, const void *b)
{
    const struct post *const *left = a;
    const struct post *const *right = b;
    return strcmp((*left)->recipient, (*right)->recipient);
}

// As Meta has seen it: nobody else writes to these.
static void check_posts_to_recipients(struct check *check)
{
    const struct post **taken = calloc(check->post_count + 1, sizeof(const struct post *));
    cr_assert(taken);
    size_t n = 0;
    for (size_t i = 0; i < check->post_count; i++)
        if (check->posts[i].taken &&
            strncmp(check->posts[i].recipient, CRIER_PHONES, strlen(CRIER_PHONES)) == 0)
            taken[n++] = &check->posts[i];
    qsort(taken, n, sizeof(const struct post *), compare);
    for (size_t i = 1; i < n; i++)
        if (strcmp(taken[i]->recipient, taken[i - 1]->recipient) == 0)
            violated(check, "I5: %s has got a campaign twice: %s and %s", taken[i]->recipient,
                     taken[i - 1]->message, taken[i]->message);
    free(taken);
}

void check_cries(struct check *check)
{
    const struct crier *crier = workload_crier(check->rig->workload);
    if (!crier)
        return;
    const char *cries = crier_campaigns(crier);
    check_states(check, cries);
    check_recipients(check, cries);
    check_reservations(check);
    check_posts_to_recipients(check);
}
