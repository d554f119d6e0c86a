#include "tests/faults/people.h"

#include <string.h>

// What the number will be that somebody moves to.
static const char *new_number(const struct contact *contact)
{
    return text_of("9198763%s", contact->names[0] + strlen("9198764"));
}

static void person_writes(struct check *check, const struct contact *contact, int name,
                          const char *members)
{
    check->greetings++;
    (void)simulator_inbound(check->rig->gateway->simulator,
                            text_of("{\"phone_number_id\": \"%s\", \"from\": \"%s\", "
                                    "\"user_id\": \"%s\", %s}",
                                    check->rig->orgs[contact->org].phone_number_id,
                                    contact->names[0], contact->names[name], members));
}

void people_greet(struct check *check)
{
    for (int i = 0; i < workload_contacts(check->rig->workload); i++) {
        const struct contact *contact = workload_contact(check->rig->workload, i);
        for (int name = 1; contact->is_person && name < contact->name_count; name++)
            person_writes(check, contact, name, "\"text\": \"hello\"");
    }
}

void people_move(struct check *check)
{
    check->moved = true;
    for (int i = 0; i < workload_contacts(check->rig->workload); i++) {
        const struct contact *contact = workload_contact(check->rig->workload, i);
        if (contact->is_person)
            person_writes(check, contact, contact->name_count - 1,
                          text_of("\"message\": {\"type\": \"system\", \"system\": {\"type\": "
                                  "\"user_changed_number\", \"wa_id\": \"%s\", \"user_id\": "
                                  "\"%sMOVED\"}}",
                                  new_number(contact), contact->names[contact->name_count - 1]));
    }
}

// May what this contact has written have come to nothing?
static bool may_be_lost(const struct rig *rig, const struct contact *contact)
{
    return rig->webhooks_lost || (rig->handed_over && contact->org == RIG_GIVING);
}

// Under which name somebody is known now; "": there are no more. A former number is nobody's.
static const char *name_now(const struct check *check, const struct contact *contact, int name)
{
    if (name >= contact->name_count)
        return "";
    return name == 0 && check->moved && contact->is_person ? new_number(contact)
                                                           : contact->names[name];
}

// (org, {names}, first phone, how often it has stopped at the most and at least) of each, as rows
// of SQL.
static const char *all_people(const struct check *check)
{
    const struct rig *rig = check->rig;
    TG_TEXT_AUTO rows = {0};
    for (int i = 0; i < workload_contacts(rig->workload); i++) {
        const struct contact *contact = workload_contact(rig->workload, i);
        tg_text_append_format(&rows, "%s('%s'::uuid, '{", i > 0 ? ", " : "",
                              rig->orgs[contact->org].id);
        for (int name = 0; name < contact->name_count; name++)
            tg_text_append_format(&rows, "%s\"%s\"", name > 0 ? "," : "",
                                  name_now(check, contact, name));
        tg_text_append_format(&rows, "}'::text[], '%s', %d, %d)", contact->names[0],
                              contact->has_stopped,
                              contact->has_stopped && !may_be_lost(rig, contact));
    }
    return text_of("%s", tg_text_string(&rows));
}

#define PEOPLE "(VALUES %s) AS p (org_id, names, first_phone, most, least)"

static void check_contacts(struct check *check, const char *people)
{
    const char *wrong = database_text(
        check->rig->gateway->database,
        "SELECT string_agg(format('%%s: %%s contacts, opted out %%s times of %%s', p.names, "
        "cardinality(k.ids), v.n, p.most), E'\\n') FROM " PEOPLE " "
        "CROSS JOIN LATERAL (SELECT array_agg(DISTINCT coalesce(c.merged_into, c.id)) AS ids "
        "FROM contacts c WHERE c.org_id = p.org_id AND (c.phone = ANY (p.names) "
        "OR c.user_id = ANY (p.names))) k CROSS JOIN LATERAL (SELECT count(*) AS n "
        "FROM conversations v WHERE v.org_id = p.org_id AND v.contact_id = ANY (k.ids) "
        "AND v.opted_out_at IS NOT NULL) v "
        "WHERE cardinality(k.ids) > 1 OR v.n NOT BETWEEN p.least AND p.most",
        people);
    if (*wrong)
        violated(check, "who somebody is: %s", wrong);
}

// (Of a number that was handed over the same person may have said so to the other org, which is not
// told that they have moved.)
static void check_opted_out(struct check *check, const char *people)
{
    const char *wrong = database_text(
        check->rig->gateway->database,
        "SELECT string_agg(v.contact_id::text, ', ') FROM conversations v "
        "JOIN contacts c ON c.org_id = v.org_id AND c.id = v.contact_id "
        "WHERE v.opted_out_at IS NOT NULL AND (c.merged_into IS NOT NULL OR NOT EXISTS ("
        "SELECT FROM " PEOPLE " WHERE p.most = 1 AND (p.org_id = c.org_id OR %s) "
        "AND (c.phone = ANY (p.names) OR c.user_id = ANY (p.names) "
        "OR p.org_id <> c.org_id AND c.phone = p.first_phone)))",
        people, check->rig->handed_over ? "true" : "false");
    if (*wrong)
        violated(check, "I6: contacts that have opted out and did not say so: %s", wrong);
}

static struct answer ask_for_bulk(struct http *http, const struct org *org, const char *name)
{
    const char *body =
        text_of("{\"payload\": {\"messaging_product\": \"whatsapp\", \"%s\": \"%s\", "
                "\"type\": \"text\", \"text\": {\"body\": \"Buy\"}}, "
                "\"priority\": \"bulk\"}",
                *name < 'A' ? "to" : "recipient", name);
    return ask(http, .path = "/api/send-message", .key = org->key, .body = body);
}

// Whoever has said STOP gets no bulk, under whichever name. (503: other tests have all
// connections.)
static void check_bulk_is_refused(struct check *check)
{
    const struct rig *rig = check->rig;
    struct http *http = http_open(text_of("http://127.0.0.1:%d", rig->ingress_ports[0]));
    for (int i = 0; i < CONTACT_NAMES * workload_contacts(rig->workload); i++) {
        const struct contact *contact = workload_contact(rig->workload, i / CONTACT_NAMES);
        const char *name = name_now(check, contact, i % CONTACT_NAMES);
        if (!contact->has_stopped || may_be_lost(rig, contact) || *name == '\0')
            continue;
        struct answer answer = ask_for_bulk(http, &rig->orgs[contact->org], name);
        if (strcmp(answer_text(&answer, "/code"), "contact_opted_out") != 0)
            violated(check, "bulk to %s, who has said STOP: %d %s", name, answer.status,
                     answer.body);
    }
    http_close(http);
}

void check_people(struct check *check)
{
    const char *people = all_people(check);
    check_contacts(check, people);
    check_opted_out(check, people);
    check_bulk_is_refused(check);
}
