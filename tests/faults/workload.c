#include "tests/faults/workload.h"

#include "common/base/json.h"
#include "common/http/client.h"
#include "tests/faults/draw.h"
#include "tests/faults/street.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    ORDINARY = 12, // contacts of each org that get any number of sends
    CONTACTS_MAX = 256,
    SENT_MAX = 2000 * 1000,
    RATE = 40,
    INBOUND_EACH = 5, // sends to one inbound message
    POLL_MS = 10,
    ANSWER_MS = 20 * 1000,
    ANSWER_MAX = 64 * 1024,
    AGAIN_MS = 200, // until a send whose answer was lost is asked for again
    // What is refused and tried again each time gets so long to leave; less where each refusal
    // halves its number's rate.
    RETRIED_S = 6,
    SLOWING_S = 2,
};

// The numbers of the simulator's table (tollgate-metasim --help).
static const struct {
    const char *phone;
    int orgs;   // so many of them write to it
    int life_s; // until not_after; 0: no such wish
} fault_numbers[] = {
    {"15550131026", RIG_ORGS, 0},
    {"15550132001", RIG_ORGS, 0},
    {"15550131047", RIG_ORGS, 0},
    {"15550000190", 1, 0},
    {"15550131000", RIG_ORGS, RETRIED_S},
    {"15550131056", RIG_ORGS, RETRIED_S},
    {"15550130429", 1, SLOWING_S},
    {"15551131026", RIG_ORGS, 0},
    {"15551131049", RIG_ORGS, 0},
    {"15553000001", RIG_ORGS, 0},
    {"15553000002", 1, 0},
    {"15552000001", RIG_ORGS, 0},
    {"15552000002", RIG_ORGS, 0},
    {"15552000003", RIG_ORGS, 0},
    {"15552000004", RIG_ORGS, 0},
    {"15552000005", RIG_ORGS, 0},
    {"15552000006", RIG_ORGS, 0},
    {"15552000007", RIG_ORGS, 0},
    {"15552000008", RIG_ORGS, 0},
    {"15552000009", RIG_ORGS, 0},
    {"15552000010", RIG_ORGS, 0},
    {"15552000011", RIG_ORGS, 0},
    {"15552000012", RIG_ORGS, 0},
    {"15552000013", RIG_ORGS, 0},
    {"15552000014", RIG_ORGS, 0},
    {"15554131042", 1, 0},
    {"15555132015", RIG_ORGS, 0},
    {"15555000000", RIG_ORGS, 0},
    {"15556000407", RIG_ORGS, 0},
    {"15556001451", RIG_ORGS, 0},
    {"15556010408", RIG_ORGS, 0},
    {"15556021421", 1, 0},
    {"15557100033", 1, 0},
};

// A contact's turn: at most one send to it is on its way.
struct slot {
    struct contact contact;
    int name;   // under which it gets this one
    int left;   // sends that it may still get; -1: no limit
    int life_s; // 0: no limit
    bool busy;
    bool keyed; // the send carries an Idempotency-Key
    char key[48];
    long long again_at_ms; // 0: it is not waiting to be asked for again
    char url[64];
    struct tg_text body;
};

struct workload {
    struct rig *rig;
    int rate;
    pthread_t thread;
    atomic_bool finishing;
    atomic_size_t accepted;
    atomic_size_t told[TOLD_KINDS];
    struct office *office; // NULL: none
    struct crier *crier;   // likewise
    struct follower *follower;
    struct draw draw;
    struct slot slots[CONTACTS_MAX];
    int slot_count;
    struct slot inbound_slot;
    enum told telling;             // what that is
    size_t tellings;               // begun
    size_t last_written[RIG_ORGS]; // to each org, of these
    struct tg_http *http;
    size_t sends; // issued
    struct sent *sent;
    size_t sent_count;
};

// Each send has a connection of its own: one that a fault has cut between two sends would leave it
// open what came of the second one.
static void begin(struct workload *workload, struct slot *slot)
{
    bool inbound = slot == &workload->inbound_slot;
    TG_TEXT_AUTO authorization = {0};
    tg_text_append_format(&authorization, "Authorization: Bearer %s",
                          workload->rig->orgs[slot->contact.org].key);
    slot->again_at_ms = 0;
    slot->busy = true;
    tg_http_begin(workload->http,
                  &(const struct tg_http_request){
                      .method = "POST",
                      .url = slot->url,
                      .headers = {"Content-Type: application/json", "Connection: close",
                                  inbound ? NULL : tg_text_string(&authorization),
                                  slot->keyed ? slot->key : NULL},
                      .body = {slot->body.data, slot->body.length},
                      .connect_timeout_ms = ANSWER_MS,
                      .timeout_ms = ANSWER_MS,
                      .answer_max = ANSWER_MAX,
                      .context = slot});
}

static void append_not_after(struct slot *slot)
{
    time_t end = time(NULL) + slot->life_s;
    struct tm utc;
    char text[sizeof ", \"not_after\": \"2026-11-24T09:30:00Z\""];
    strftime(text, sizeof text, ", \"not_after\": \"%Y-%m-%dT%H:%M:%SZ\"", gmtime_r(&end, &utc));
    tg_text_append_string(&slot->body, text);
}

// By which number, as far as it is said.
static void append_channel(struct workload *workload, struct slot *slot)
{
    const struct org *org = &workload->rig->orgs[slot->contact.org];
    int how = workload->rig->former ? 0 : draw_below(&workload->draw, 3);
    if (how == 1)
        tg_text_append_format(&slot->body, ", \"channel_id\": \"%s\"", org->channel_id);
    else if (how == 2)
        tg_text_append_format(&slot->body, ", \"phone_number_id\": \"%s\"", org->phone_number_id);
}

// Of a message that may not be there yet: then it is refused.
static void append_receipt(struct workload *workload, struct slot *slot)
{
    tg_text_append_format(
        &slot->body,
        "\"payload\": {\"messaging_product\": \"whatsapp\", \"status\": \"read\", "
        "\"message_id\": \"wamid.told.%zu\"}",
        workload->last_written[slot->contact.org]);
}

// To a user id a whole message object, as to the numbers that hold templates back.
static void append_words(struct workload *workload, struct slot *slot)
{
    const char *name = slot->contact.names[slot->name];
    if (slot->contact.is_person && slot->name > 0)
        tg_text_append_format(&slot->body,
                              "\"payload\": {\"messaging_product\": \"whatsapp\", \"recipient\": "
                              "\"%s\", \"type\": \"text\", \"text\": {\"body\": \"Send %zu\"}}",
                              name, workload->sends);
    else if (strncmp(name, "15555", 5) == 0)
        tg_text_append_format(&slot->body,
                              "\"payload\": {\"messaging_product\": \"whatsapp\", \"to\": \"+%s\", "
                              "\"type\": \"template\", \"template\": {\"name\": \"send_%zu\", "
                              "\"language\": {\"code\": \"en\"}}}",
                              name, workload->sends);
    else
        tg_text_append_format(&slot->body, "\"phone\": \"%s\", \"message\": \"Send %zu\"", name,
                              workload->sends);
}

static void begin_send(struct workload *workload, struct slot *slot)
{
    bool bulk = draw_below(&workload->draw, 4) == 0 && !slot->contact.is_receipts;
    slot->keyed = draw_below(&workload->draw, 2) == 0;
    slot->name = draw_below(&workload->draw, slot->contact.name_count);
    slot->left -= slot->left > 0;
    workload->sends++;
    snprintf(slot->url, sizeof slot->url, "http://127.0.0.1:%d/api/send-message",
             workload->rig->ingress_ports[draw_below(&workload->draw, RIG_INGRESSES)]);
    tg_text_clear(&slot->body);
    tg_text_append_string(&slot->body, "{");
    if (slot->contact.is_receipts)
        append_receipt(workload, slot);
    else
        append_words(workload, slot);
    tg_text_append_string(&slot->body, bulk ? ", \"priority\": \"bulk\"" : "");
    append_channel(workload, slot);
    if (slot->life_s > 0)
        append_not_after(slot);
    tg_text_append_string(&slot->body, "}");
    if (slot->keyed)
        snprintf(slot->key, sizeof slot->key, "Idempotency-Key: send-%zu", workload->sends);
    begin(workload, slot);
}

// A customer writes, or something else is told, by way of the simulator, which posts it until it is
// acknowledged.
static void begin_inbound(struct workload *workload)
{
    struct slot *slot = &workload->inbound_slot;
    struct contact *about =
        &workload->slots[draw_below(&workload->draw, RIG_ORGS * ORDINARY)].contact;
    tg_text_clear(&slot->body);
    workload->telling =
        street_tell(&workload->draw, workload->rig->orgs[about->org].phone_number_id, about,
                    workload->tellings++, workload->rig->former, &slot->body);
    if (workload->telling == TOLD_MESSAGE)
        workload->last_written[about->org] = workload->tellings - 1;
    begin(workload, slot);
}

static void remember(struct workload *workload, const struct slot *slot, enum send_fate fate,
                     const char *id)
{
    if (workload->sent_count == SENT_MAX)
        abort();
    struct sent *sent = &workload->sent[workload->sent_count++];
    *sent =
        (struct sent){.contact = (int)(slot - workload->slots), .name = slot->name, .fate = fate};
    snprintf(sent->id, sizeof sent->id, "%s", id);
    if (fate == SEND_ACCEPTED)
        atomic_fetch_add(&workload->accepted, 1);
}

// A refused connection has carried nothing, and what the gateway refuses by name it has not taken.
static enum send_fate judge(const struct tg_http_answer *answer, const char *error_code)
{
    if (answer->end == TG_HTTP_REFUSED)
        return SEND_REFUSED;
    if (answer->end != TG_HTTP_ANSWERED)
        return SEND_UNKNOWN;
    if (answer->status == 202)
        return SEND_ACCEPTED;
    bool refused = (answer->status >= 400 && answer->status < 500) ||
                   strcmp(error_code, "unavailable") == 0 || strcmp(error_code, "overloaded") == 0;
    return refused ? SEND_REFUSED : SEND_UNKNOWN;
}

static void end_send(struct workload *workload, struct slot *slot,
                     const struct tg_http_answer *answer)
{
    struct tg_error not_json;
    struct json_object *json = tg_json_parse(answer->body.data, answer->body.length, &not_json);
    enum send_fate fate = judge(answer, json_text(json, "/code"));
    bool again =
        slot->keyed && fate != SEND_ACCEPTED && (answer->status == 0 || answer->status >= 500);
    slot->busy = again;
    if (again)
        slot->again_at_ms = testbed_now_ms() + AGAIN_MS;
    else
        remember(workload, slot, fate, fate == SEND_ACCEPTED ? json_text(json, "/message_id") : "");
    json_object_put(json);
}

static void take_answers(struct workload *workload)
{
    struct tg_http_answer answer;
    while (tg_http_take(workload->http, &answer)) {
        struct slot *slot = answer.context;
        if (slot != &workload->inbound_slot) {
            end_send(workload, slot, &answer);
            continue;
        }
        slot->busy = false;
        atomic_fetch_add(&workload->told[workload->telling], answer.status == 200);
    }
}

// A contact that may get a send now; mostly an ordinary one. NULL: none was found.
static struct slot *choose(struct workload *workload)
{
    enum { TRIES = 8, FAULTY_PERCENT = 20 };
    int ordinary = RIG_ORGS * ORDINARY;
    for (int i = 0; i < TRIES; i++) {
        bool faulty = draw_below(&workload->draw, 100) < FAULTY_PERCENT;
        int at = faulty ? ordinary + draw_below(&workload->draw, workload->slot_count - ordinary)
                        : draw_below(&workload->draw, ordinary);
        struct slot *slot = &workload->slots[at];
        if (!slot->busy && slot->left != 0)
            return slot;
    }
    return NULL;
}

static int ask_again(struct workload *workload)
{
    int busy = workload->inbound_slot.busy;
    for (int i = 0; i < workload->slot_count; i++) {
        struct slot *slot = &workload->slots[i];
        if (slot->again_at_ms != 0 && slot->again_at_ms <= testbed_now_ms())
            begin(workload, slot);
        busy += slot->busy;
    }
    return busy;
}

static void *run(void *argument)
{
    struct workload *workload = argument;
    long long began_ms = testbed_now_ms();
    size_t asked = 0; // turns to send, taken or not
    for (;;) {
        bool finishing = atomic_load(&workload->finishing);
        size_t due = (size_t)((testbed_now_ms() - began_ms) * workload->rate / 1000);
        for (; !finishing && asked < due; asked++) {
            struct slot *slot = choose(workload);
            if (slot)
                begin_send(workload, slot);
            if (asked % INBOUND_EACH == 0 && !workload->inbound_slot.busy)
                begin_inbound(workload);
        }
        if (ask_again(workload) == 0 && finishing)
            return NULL;
        tg_http_run(workload->http, POLL_MS);
        take_answers(workload);
    }
}

static struct slot *add_contact(struct workload *workload, int org, const char *name, int left,
                                int life_s)
{
    cr_assert(workload->slot_count < CONTACTS_MAX);
    struct slot *slot = &workload->slots[workload->slot_count++];
    slot->contact.org = org;
    slot->contact.name_count = 1;
    snprintf(slot->contact.names[0], sizeof slot->contact.names[0], "%s", name);
    slot->left = left;
    slot->life_s = life_s;
    return slot;
}

static struct contact *add_second_name(struct slot *slot, const char *name)
{
    struct contact *contact = &slot->contact;
    contact->name_count = 2;
    snprintf(contact->names[1], sizeof contact->names[1], "%s", name);
    return contact;
}

// Known by phone here and by user id there; all but one may say STOP.
static void add_person(struct workload *workload, int org, int i)
{
    struct slot *slot = add_contact(workload, org, text_of("9198764%d%04d", org, i), -1, 0);
    struct contact *contact = add_second_name(slot, text_of("IN.%dP%dQ5W7E9R", org, i));
    contact->is_person = true;
    contact->may_stop = i > 0;
}

// A number that is spelt in two ways, as WhatsApp does first.
static void add_variants(struct workload *workload, int org)
{
    struct slot *slot = add_contact(workload, org, text_of("55119765%d4321", org), -1, 0);
    (void)add_second_name(slot, text_of("5511765%d4321", org));
    slot = add_contact(workload, org, text_of("52155123456%d8", org), -1, 0);
    (void)add_second_name(slot, text_of("5255123456%d8", org));
    slot = add_contact(workload, org, text_of("54911234567%d9", org), -1, 0);
    (void)add_second_name(slot, text_of("5411234567%d9", org));
}

// ORDINARY of them. Former daemons know everybody by one phone.
static void add_ordinary(struct workload *workload, int org)
{
    enum { PEOPLE = 4, VARIANTS = 3, OTHERS = ORDINARY - PEOPLE - VARIANTS - 1 };
    bool former = workload->rig->former;
    for (int i = 0; i < (former ? ORDINARY - 1 : OTHERS); i++)
        (void)add_contact(workload, org, text_of("9198765%d%04d", org, i), -1, 0);
    for (int i = 0; i < (former ? 0 : PEOPLE); i++)
        add_person(workload, org, i);
    if (!former)
        add_variants(workload, org);
    // Refunds are as ordinary as sends.
    (void)add_contact(workload, org, "15550131049", -1, 0);
}

static void add_contacts(struct workload *workload, int faulty)
{
    enum { NUMBERS = sizeof fault_numbers / sizeof *fault_numbers };
    for (int org = 0; org < RIG_ORGS; org++)
        add_ordinary(workload, org);
    for (int org = 0; org < RIG_ORGS && !workload->rig->former; org++)
        add_contact(workload, org, "", -1, 0)->contact.is_receipts = true;
    for (size_t i = 0; i < NUMBERS; i++) {
        // The last orgs: the first one has the replies, and its number should not be paused.
        for (int org = RIG_ORGS - fault_numbers[i].orgs; org < RIG_ORGS; org++)
            (void)add_contact(workload, org, fault_numbers[i].phone, faulty,
                              fault_numbers[i].life_s);
    }
}

void workload_start(struct rig *rig, const struct workload_options *options)
{
    struct workload *workload = calloc(1, sizeof *workload);
    cr_assert(workload);
    rig->workload = workload;
    workload->rig = rig;
    workload->rate = options->rate ? options->rate : RATE;
    workload->draw = draw_of(rig->seed);
    workload->sent = calloc(SENT_MAX, sizeof *workload->sent);
    workload->http = tg_http_create(
        &(const struct tg_http_options){.calls_max = CONTACTS_MAX + 1, .silence_ms = ANSWER_MS});
    cr_assert(workload->sent);
    add_contacts(workload, options->faulty ? options->faulty : 1);
    workload->follower = rig->endpoints ? follower_open(rig) : NULL;
    workload->office = rig->former ? NULL : office_open(rig);
    workload->crier = rig->former ? NULL : crier_open(rig);
    snprintf(workload->inbound_slot.url, sizeof workload->inbound_slot.url, "%s/_sim/inbound",
             rig->gateway->simulator->url);
    cr_assert(pthread_create(&workload->thread, NULL, run, workload) == 0);
}

size_t workload_accepted(struct workload *workload)
{
    return atomic_load(&workload->accepted);
}

size_t workload_told(const struct workload *workload, enum told told)
{
    return atomic_load(&workload->told[told]);
}

void workload_run_on(struct workload *workload, size_t more)
{
    size_t wanted = workload_accepted(workload) + more;
    eventually_within(60, workload_accepted(workload) >= wanted);
}

void workload_finish(struct workload *workload)
{
    atomic_store(&workload->finishing, true);
    pthread_join(workload->thread, NULL);
    if (workload->office)
        office_close(workload->office);
    if (workload->crier)
        crier_close(workload->crier);
    for (int i = 0; i < workload->slot_count; i++)
        tg_text_finish(&workload->slots[i].body);
    tg_text_finish(&workload->inbound_slot.body);
    tg_http_destroy(workload->http);
}

const struct sent *workload_sent(const struct workload *workload, size_t *n)
{
    *n = workload->sent_count;
    return workload->sent;
}

const struct contact *workload_contact(const struct workload *workload, int contact)
{
    return &workload->slots[contact].contact;
}

int workload_contacts(const struct workload *workload)
{
    return workload->slot_count;
}

const struct office *workload_office(const struct workload *workload)
{
    return workload->office;
}

const struct crier *workload_crier(const struct workload *workload)
{
    return workload->crier;
}

struct follower *workload_follower(const struct workload *workload)
{
    return workload->follower;
}
