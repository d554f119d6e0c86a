#include "tests/metasim/webhook_body.h"

#include "tests/metasim/sim_limits.h"

#include <inttypes.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name;
    bool priced;
} kinds[STATUS_KINDS] = {
    [STATUS_SENT] = {"sent", true},
    [STATUS_DELIVERED] = {"delivered", true},
    [STATUS_READ] = {"read", false},
    [STATUS_FAILED] = {"failed", false},
};

static void append_string(struct tg_text *out, const char *name, const char *value)
{
    tg_text_append_string(out, name);
    tg_text_append_json(out, value, strlen(value));
}

// Takes one character off valid UTF-8.
static uint32_t next_character(const unsigned char **at)
{
    const unsigned char *bytes = *at;
    size_t more = bytes[0] < 0xe0 ? 1 : bytes[0] < 0xf0 ? 2 : 3;
    uint32_t character = bytes[0] & (0x3fU >> more);
    for (size_t i = 1; i <= more; i++)
        character = character << 6 | (bytes[i] & 0x3fU);
    *at = bytes + more + 1;
    return character;
}

// In JSON such characters stand within strings only, so this needs no understanding of it.
static void append_as_ascii(struct tg_text *out, const struct tg_text *json)
{
    const unsigned char *at = (const unsigned char *)json->data;
    const unsigned char *end = at + json->length;
    while (at < end) {
        const unsigned char *plain = at;
        while (at < end && *at < 0x80)
            at++;
        tg_text_append(out, plain, (size_t)(at - plain));
        if (at == end)
            return;
        uint32_t character = next_character(&at);
        if (character < 0x10000)
            tg_text_append_format(out, "\\u%04" PRIx32, character);
        else
            tg_text_append_format(out, "\\u%04" PRIx32 "\\u%04" PRIx32,
                                  0xd800 + ((character - 0x10000) >> 10),
                                  0xdc00 + (character & 0x3ff));
    }
}

// What Meta knows of a number and the simulator does not, it makes up: all numbers are of one
// account, and the display number is made from the id.
static void begin_value(struct tg_text *out, const char *phone_number_id)
{
    enum { DISPLAY_DIGITS = 7 };
    size_t length = strlen(phone_number_id);
    const char *last_digits =
        phone_number_id + (length > DISPLAY_DIGITS ? length - DISPLAY_DIGITS : 0);
    tg_text_append_format(out,
                          "{\"object\":\"whatsapp_business_account\",\"entry\":[{\"id\":\"1001\","
                          "\"changes\":[{\"value\":{\"messaging_product\":\"whatsapp\","
                          "\"metadata\":{\"display_phone_number\":\"1555%07ld\","
                          "\"phone_number_id\":\"%s\"}",
                          strtol(last_digits, NULL, 10), phone_number_id);
}

static void end_value(struct tg_text *out)
{
    tg_text_append_string(out, "},\"field\":\"messages\"}]}]}");
}

static void append_error(struct tg_text *out, const struct webhook_status *status)
{
    tg_text_append_format(out, ",\"errors\":[{\"code\":%d", status->error_code);
    append_string(out, ",\"title\":", status->error_title);
    append_string(out, ",\"message\":", status->error_title);
    append_string(out, ",\"error_data\":{\"details\":", status->error_details);
    tg_text_append_string(out, "}}]");
}

static void append_recipient(struct tg_text *out, const struct webhook_status *status,
                             int participant)
{
    append_string(out,
                  status->addressee == TO_USER ? ",\"recipient_user_id\":" : ",\"recipient_id\":",
                  status->recipient);
    if (status->addressee == TO_GROUP)
        tg_text_append_format(out,
                              ",\"recipient_type\":\"group\","
                              "\"recipient_participant_id\":\"%" PRId64 "\"",
                              SIM_GROUP_PARTICIPANT_FIRST + participant);
}

static void append_status(struct tg_text *out, const struct webhook_status *status,
                          enum status_kind kind, int participant)
{
    append_string(out, "{\"id\":", status->wamid);
    append_string(out, ",\"status\":", kinds[kind].name);
    tg_text_append_format(out, ",\"timestamp\":\"%" PRId64 "\"", status->timestamp_s);
    append_recipient(out, status, participant);
    if (kinds[kind].priced) {
        append_string(out,
                      ",\"pricing\":{\"billable\":true,\"pricing_model\":\"PMP\",\"category\":",
                      status->category);
        tg_text_append_string(out, ",\"type\":\"regular\"}");
    }
    if (*status->callback_data)
        append_string(out, ",\"biz_opaque_callback_data\":", status->callback_data);
    if (kind == STATUS_FAILED)
        append_error(out, status);
    tg_text_append_string(out, "}");
}

static void append_group_statuses(struct tg_text *out, const struct webhook_status *status)
{
    const char *comma = "";
    for (int i = 0; i < SIM_GROUP_PARTICIPANTS; i++) {
        enum status_kind kind = status->status;
        bool fails = i == 0 && status->error_code != 0;
        if (fails && kind == STATUS_READ)
            continue;
        tg_text_append_string(out, comma);
        append_status(out, status, fails && kind == STATUS_DELIVERED ? STATUS_FAILED : kind, i);
        comma = ",";
    }
}

void webhook_body_status(const struct webhook_status *status, struct tg_text *out)
{
    TG_TEXT_AUTO json = {0};
    begin_value(&json, status->phone_number_id);
    tg_text_append_string(&json, ",\"statuses\":[");
    if (status->addressee == TO_GROUP)
        append_group_statuses(&json, status);
    else
        append_status(&json, status, status->status, 0);
    tg_text_append_string(&json, "]");
    end_value(&json);
    append_as_ascii(out, &json);
}

static void append_customer(struct tg_text *json, const struct webhook_inbound *inbound)
{
    tg_text_append_string(json, ",\"contacts\":[{\"profile\":{\"name\":");
    tg_text_append_json(json, inbound->name, inbound->name_length);
    tg_text_append_string(json, "}");
    if (inbound->wa_id)
        append_string(json, ",\"wa_id\":", inbound->wa_id);
    if (inbound->user_id)
        append_string(json, ",\"user_id\":", inbound->user_id);
    tg_text_append_string(json, "}]");
}

void webhook_body_inbound(const struct webhook_inbound *inbound, struct tg_text *out)
{
    TG_TEXT_AUTO json = {0};
    begin_value(&json, inbound->phone_number_id);
    if (strcmp(inbound->list, "messages") == 0)
        append_customer(&json, inbound);
    tg_text_append_format(&json, ",\"%s\":[", inbound->list);
    tg_text_append_string(&json, inbound->item);
    tg_text_append_string(&json, "]");
    end_value(&json);
    append_as_ascii(out, &json);
}

void webhook_body_change(const char *field, const char *value, struct tg_text *out)
{
    TG_TEXT_AUTO json = {0};
    tg_text_append_format(&json,
                          "{\"object\":\"whatsapp_business_account\",\"entry\":[{\"id\":\"1001\","
                          "\"changes\":[{\"value\":%s",
                          value);
    append_string(&json, ",\"field\":", field);
    tg_text_append_string(&json, "}]}]}");
    append_as_ascii(out, &json);
}

void webhook_body_sign(const struct tg_text *body, const char *secret,
                       char signature[static WEBHOOK_SIGNATURE_SIZE])
{
    unsigned char mac[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    if (!HMAC(EVP_sha256(), secret, (int)strlen(secret), (const unsigned char *)body->data,
              body->length, mac, &length))
        abort();
    char *at = stpcpy(signature, "sha256=");
    for (unsigned i = 0; i < length; i++)
        at += snprintf(at, 3, "%02x", mac[i]);
}
