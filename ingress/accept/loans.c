#include "ingress/accept/loans.h"

#include "common/base/clock.h"
#include "common/base/json.h"
#include "common/base/memory.h"
#include "common/cloud/media.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char send_unlent[] = "unlent";

// Texts that people read say so.
static_assert(TG_LOANS_MAX == 32 && TG_LOAN_AHEAD_S == 29 * 86400, "as below");

void loans_free(struct loans *loans)
{
    free(loans);
}

struct filling {
    struct loans **loans;
    const char *within;
    struct tg_send *send;
    struct tg_sendable_question asked; // of any file, as the client wrote it
    bool is_untold;                    // of any file
    bool is_bound;                     // the send, to a channel
    struct tg_error why; // of the first one that is not to be had; its code is NULL: there is none
};

// As the client wrote it.
static bool refuse(struct filling *filling, const char *path, const char *code, const char *message)
{
    char field[sizeof filling->why.field];
    snprintf(field, sizeof field, "%s%s", filling->within ? filling->within : "media.",
             filling->within ? path : "id");
    return tg_error_set(&filling->why, code, field, "%s", message);
}

// Until when the message may leave; 0: a day from now.
static int64_t until_ms(const struct tg_send *send)
{
    if (send->not_after_ms)
        return send->not_after_ms;
    return send->send_at_ms ? send->send_at_ms + TG_NOT_AFTER_DEFAULT_S * 1000LL : 0;
}

static struct tg_sendable_question question_of(const struct tg_send *send)
{
    struct tg_sendable_question question = {.org_id = send->org_id,
                                            .channel_id = send->channel_id,
                                            .has_channel = send->has_channel,
                                            .until_ms = until_ms(send)};
    memcpy(question.phone_number_id, send->phone_number_id, sizeof question.phone_number_id);
    return question;
}

static bool is_same(const struct tg_sendable_question *a, const struct tg_sendable_question *b)
{
    return tg_uuid_equal(a->id, b->id) && a->has_channel == b->has_channel &&
           (!a->has_channel || tg_uuid_equal(a->channel_id, b->channel_id)) &&
           strcmp(a->phone_number_id, b->phone_number_id) == 0;
}

// NULL: there are as many as there may be.
static struct loan *loan_for(struct loans **loans, const struct tg_sendable_question *question)
{
    size_t i = 0;
    if (!*loans) {
        *loans = tg_alloc(sizeof **loans);
        memset(*loans, 0, sizeof **loans);
    }
    while (i < (*loans)->n && !is_same(&(*loans)->of[i].question, question))
        i++;
    if (i == TG_LOANS_MAX)
        return NULL;
    struct loan *loan = &(*loans)->of[i];
    if (i == (*loans)->n) {
        (*loans)->n++;
        loan->question = *question;
    }
    if (loan->question.until_ms < question->until_ms)
        loan->question.until_ms = question->until_ms;
    return loan;
}

static bool check_type(struct filling *filling, const struct loan *loan, unsigned as,
                       const char *path)
{
    char says[sizeof filling->why.message];
    if (tg_media_fits(loan->mime_type, loan->size) & as)
        return true;
    if (tg_media_types(loan->mime_type) & as)
        snprintf(says, sizeof says, "The file has %lld bytes: of %.60s Meta takes up to %lld",
                 (long long)loan->size, loan->mime_type, (long long)tg_media_most(loan->mime_type));
    else
        snprintf(says, sizeof says, "The file is %.60s, which Meta does not take as this type",
                 *loan->mime_type ? loan->mime_type : "of no type");
    return refuse(filling, path, "invalid_message", says);
}

// Over another channel Meta would not know it.
static bool bind(struct filling *filling, const struct loan *loan, const char *path)
{
    struct tg_send *send = filling->send;
    if (filling->is_bound && !tg_uuid_equal(send->channel_id, loan->channel_id))
        return refuse(filling, path, "unavailable", "The org's default number has just changed");
    filling->is_bound = true;
    send->has_channel = true;
    send->channel_id = loan->channel_id;
    return true;
}

// What came of it: of a file that is there false means that it is refused.
static bool use(struct filling *filling, const struct loan *loan, struct json_object *media,
                unsigned as, const char *path)
{
    if (loan->error.code && *loan->error.field) {
        filling->why = loan->error;
        return false;
    }
    if (loan->error.code)
        return refuse(filling, path, loan->error.code, loan->error.message);
    if (!check_type(filling, loan, as, path) || !bind(filling, loan, path))
        return false;
    json_object_object_add(media, "id", json_object_new_string(loan->meta_id));
    return true;
}

static bool see(void *context, struct json_object *media, unsigned as, const char *path)
{
    struct filling *filling = context;
    struct tg_span given = tg_json_span(tg_json_member(media, "id", json_type_string));
    struct tg_sendable_question question = filling->asked;
    if (!tg_uuid_parse(given.data, given.length, &question.id))
        return true; // Meta's own
    if (question.until_ms > tg_unix_ms() + TG_LOAN_AHEAD_S * 1000LL)
        return refuse(filling, path, "invalid_message",
                      "A kept file must leave while Meta has it, which is for 29 days");
    struct loan *loan = loan_for(filling->loans, &question);
    if (!loan)
        return refuse(filling, path, "invalid_message", "A request names at most 32 kept files");
    loan->as |= as;
    filling->is_untold |= !loan->is_told;
    return !loan->is_told || use(filling, loan, media, as, path);
}

// Whoever has this key already is told what became of the first one; nobody else gets through.
static void leave_to_repeats(struct tg_send *send, const struct tg_error *why)
{
    send->fault = tg_alloc(sizeof *send->fault);
    *send->fault = *why;
    send->not_after_ms = 1;
}

bool loans_fill(struct loans **loans, struct json_object *message, const char *within,
                struct tg_send *send, struct tg_error *error)
{
    struct filling filling = {
        .loans = loans, .within = within, .send = send, .asked = question_of(send)};
    bool good = !loans || tg_media_each(message, see, &filling);
    if (good && filling.is_untold)
        return tg_error_set(error, send_unlent, "media", "%s", "");
    if (good)
        return true;
    *error = filling.why;
    if (send->idempotency_key[0])
        leave_to_repeats(send, error);
    return send->idempotency_key[0] != '\0';
}

static bool refuse_kept(void *context, struct json_object *media, unsigned as, const char *path)
{
    struct tg_span given = tg_json_span(tg_json_member(media, "id", json_type_string));
    struct tg_uuid id;
    (void)as;
    return !tg_uuid_parse(given.data, given.length, &id) ||
           tg_error_set(context, "invalid_message", path,
                        "%s is that of a kept file, which cannot stand in a placeholder", path);
}

bool loans_none(struct json_object *message, struct tg_error *error)
{
    return tg_media_each(message, refuse_kept, error);
}
