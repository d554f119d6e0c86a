#include "tests/faults/street.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

struct scene {
    struct draw *draw;
    const char *number;
    struct contact *contact;
    size_t n;
    struct tg_text *out; // members of a wish of the simulator's
};

// As strings of JSON: what a reply makes of them is to be fit for Meta.
static const char *const profile_names[] = {
    "Asha Rao", "A\\nB\\tC",         "  ",        "Lots      of      room",
    "{name}",   "\\u202eabc\\u202c", "Zo\\u00eb", "\\ud83d\\ude42\\ud83d\\ude42",
};
enum { PROFILE_NAMES = sizeof profile_names / sizeof *profile_names };

static const char *const stops[] = {
    "STOP",
    "Stop.",
    "stop!",
    "\\u00a0stop\\u3000",
    "\\u200bS\\u200dTOP\\ufeff",
    "\\u200f\\u202bStop\\u202c",
    "\\uff33\\uff34\\uff2f\\uff30",
    "Unsubscribe",
};
enum { STOPS = sizeof stops / sizeof *stops };

static void append_id(const struct scene *scene)
{
    tg_text_append_format(scene->out, ", \"id\": \"wamid.told.%zu\"", scene->n);
}

static const char *user_id(const struct contact *contact)
{
    return contact->names[contact->name_count - 1];
}

// By phone, as WhatsApp spells it, or by the user id alone.
static void append_writer(const struct scene *scene)
{
    const struct contact *contact = scene->contact;
    bool hides = contact->is_person && draw_below(scene->draw, 2) == 0;
    tg_text_append_format(scene->out, ", \"%s\": \"%s\"", hides ? "user_id" : "from",
                          hides ? user_id(contact) : contact->names[0]);
    append_id(scene);
}

static void append_text(const struct scene *scene, const char *text)
{
    tg_text_append_format(scene->out, ", \"name\": \"%s\", \"text\": \"%s\"",
                          profile_names[draw_below(scene->draw, PROFILE_NAMES)], text);
}

static enum told hello(const struct scene *scene)
{
    append_writer(scene);
    append_text(scene, "hello");
    return TOLD_MESSAGE;
}

static enum told hello_thrice(const struct scene *scene)
{
    tg_text_append_string(scene->out, ", \"times\": 3");
    return hello(scene);
}

// From now on whoever was known by the one and by the other is one contact.
static enum told hello_under_both_names(const struct scene *scene)
{
    if (!scene->contact->is_person)
        return hello(scene);
    tg_text_append_format(scene->out, ", \"from\": \"%s\", \"user_id\": \"%s\"",
                          scene->contact->names[0], user_id(scene->contact));
    append_id(scene);
    append_text(scene, "hello");
    return TOLD_MESSAGE;
}

// The former one goes on leading to the same person.
static enum told new_user_id(const struct scene *scene)
{
    struct contact *contact = scene->contact;
    if (!contact->is_person || contact->name_count == CONTACT_NAMES)
        return hello(scene);
    if (draw_below(scene->draw, 2) == 0)
        tg_text_append_format(scene->out, ", \"from\": \"%s\"", contact->names[0]);
    char *name = contact->names[contact->name_count];
    snprintf(name, sizeof *contact->names, "%s", text_of("%sNEW", user_id(contact)));
    tg_text_append_format(scene->out,
                          ", \"user_id\": \"%s\", \"message\": {\"type\": \"system\", \"system\": "
                          "{\"type\": \"user_changed_user_id\", \"user_id\": \"%s\", "
                          "\"previous_user_id\": \"%s\"}}",
                          user_id(contact), name, user_id(contact));
    append_id(scene);
    contact->name_count++;
    return TOLD_MESSAGE;
}

static enum told stop(const struct scene *scene)
{
    if (!scene->contact->may_stop)
        return hello(scene);
    append_writer(scene);
    append_text(scene, stops[draw_below(scene->draw, STOPS)]);
    scene->contact->has_stopped = true;
    return TOLD_MESSAGE;
}

static enum told stop_in_a_group(const struct scene *scene)
{
    append_writer(scene);
    tg_text_append_string(scene->out, ", \"message\": {\"type\": \"text\", \"group_id\": \"Y\", "
                                      "\"text\": {\"body\": \"STOP\"}}");
    return TOLD_MESSAGE;
}

static enum told hello_days_ago(const struct scene *scene)
{
    enum { THREE_DAYS_S = 3 * 24 * 60 * 60 };
    append_writer(scene);
    tg_text_append_format(scene->out,
                          ", \"message\": {\"type\": \"text\", \"timestamp\": \"%" PRId64 "\", "
                          "\"text\": {\"body\": \"late\"}}",
                          (int64_t)time(NULL) - THREE_DAYS_S);
    return TOLD_MESSAGE;
}

// What it changes came before, comes later or never does.
static size_t some_other(const struct scene *scene)
{
    enum { NEAR = 8 };
    return scene->n + NEAR - (size_t)draw_below(scene->draw, 2 * NEAR);
}

static enum told edit(const struct scene *scene)
{
    append_writer(scene);
    tg_text_append_format(scene->out,
                          ", \"message\": {\"type\": \"edit\", \"edit\": {\"original_message_id\": "
                          "\"wamid.told.%zu\", \"message\": {\"type\": \"text\", \"text\": "
                          "{\"body\": \"better\"}}}}",
                          some_other(scene));
    return TOLD_MESSAGE;
}

static enum told revoke(const struct scene *scene)
{
    append_writer(scene);
    tg_text_append_format(scene->out,
                          ", \"message\": {\"type\": \"revoke\", \"revoke\": "
                          "{\"original_message_id\": \"wamid.told.%zu\"}}",
                          some_other(scene));
    return TOLD_MESSAGE;
}

static void append_change(const struct scene *scene, const char *field)
{
    tg_text_append_format(scene->out,
                          ", \"field\": \"%s\", \"value\": {\"messaging_product\": \"whatsapp\", "
                          "\"metadata\": {\"phone_number_id\": \"%s\"}",
                          field, scene->number);
}

static enum told echo(const struct scene *scene)
{
    append_change(scene, "smb_message_echoes");
    tg_text_append_format(scene->out,
                          ", \"message_echoes\": [{\"from\": \"15550000001\", \"to\": \"%s\", "
                          "\"id\": \"wamid.told.%zu\", \"timestamp\": \"%" PRId64 "\", "
                          "\"type\": \"text\", \"text\": {\"body\": \"STOP\"}}]}",
                          scene->contact->names[0], scene->n, (int64_t)time(NULL));
    return TOLD_COPY;
}

static enum told history(const struct scene *scene)
{
    append_change(scene, "history");
    tg_text_append_format(scene->out,
                          ", \"history\": [{\"metadata\": {\"phase\": 0, \"chunk_order\": %zu, "
                          "\"progress\": 40}, \"threads\": [{\"id\": \"%s\", \"messages\": "
                          "[{\"from\": \"%s\", \"id\": \"wamid.told.%zu\", \"timestamp\": "
                          "\"1750000000\", \"history_context\": {\"status\": \"READ\"}, \"type\": "
                          "\"text\", \"text\": {\"body\": \"STOP\"}}]}]}]}",
                          scene->n, scene->contact->names[0], scene->contact->names[0], scene->n);
    return TOLD_COPY;
}

static enum told notice(const struct scene *scene)
{
    tg_text_append_format(scene->out,
                          ", \"field\": \"account_update\", \"value\": {\"event\": "
                          "\"ACCOUNT_UPDATE\", \"n\": %zu}",
                          scene->n);
    return TOLD_NOTICE;
}

static enum told payment(const struct scene *scene)
{
    tg_text_append_format(scene->out,
                          ", \"status\": {\"id\": \"wamid.told.%zu\", \"status\": \"failed\", "
                          "\"type\": \"payment\", \"payment\": {\"reference_id\": \"r%zu\"}}",
                          some_other(scene), scene->n);
    return TOLD_NOTICE;
}

static enum told status_of_what_others_sent(const struct scene *scene)
{
    tg_text_append_format(scene->out,
                          ", \"status\": {\"id\": \"wamid.others.%zu\", \"status\": \"delivered\", "
                          "\"recipient_id\": \"%s\"}",
                          scene->n, scene->contact->names[0]);
    return TOLD_NOTHING;
}

// Plain words come most.
static enum told (*const scenes[])(const struct scene *scene) = {
    hello,
    hello,
    hello,
    hello_thrice,
    hello_under_both_names,
    hello_under_both_names,
    hello_days_ago,
    new_user_id,
    new_user_id,
    stop,
    stop_in_a_group,
    edit,
    revoke,
    echo,
    history,
    notice,
    payment,
    status_of_what_others_sent,
};
enum { SCENES = sizeof scenes / sizeof *scenes };

enum told street_tell(struct draw *draw, const char *phone_number_id, struct contact *contact,
                      size_t n, bool former, struct tg_text *out)
{
    enum { ONE_IN = 3 };
    const struct scene scene = {draw, phone_number_id, contact, n, out};
    bool says_stop = contact->may_stop && !contact->has_stopped && draw_below(draw, ONE_IN) == 0;
    tg_text_append_format(out, "{\"phone_number_id\": \"%s\"", phone_number_id);
    enum told told =
        says_stop ? stop(&scene) : scenes[former ? 0 : draw_below(draw, SCENES)](&scene);
    tg_text_append_string(out, "}");
    return told;
}
