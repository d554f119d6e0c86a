#include "ingress/accept/send_form.h"

#include "common/limits.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

Test(idempotency_key, stands_for_the_bytes_of_its_body)
{
    // SHA-256 of "abc": FIPS 180-2, appendix B.1.
    static const unsigned char abc[32] = {0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea,
                                          0x41, 0x41, 0x40, 0xde, 0x5d, 0xae, 0x22, 0x23,
                                          0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17, 0x7a, 0x9c,
                                          0xb4, 0x10, 0xff, 0x61, 0xf2, 0x00, 0x15, 0xad};
    TG_TEXT_AUTO body = {0};
    tg_text_append_string(&body, "abc");
    struct tg_send send = {0};
    struct tg_error error = {0};
    cr_assert(send_form_read_key("order-42", 1, &body, &send, &error));
    cr_assert_str_eq(send.idempotency_key, "order-42");
    cr_assert_arr_eq(send.body_hash, abc, sizeof abc);
}

#define LETTERS_50 "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwx"
#define LETTERS_250 LETTERS_50 LETTERS_50 LETTERS_50 LETTERS_50 LETTERS_50

struct key {
    char header[300];
    char key[TG_IDEMPOTENCY_KEY_SIZE]; // "": refused
};

ParameterizedTestParameters(idempotency_key, has_1_to_255_printable_characters)
{
    static struct key keys[] = {
        {"order-42", "order-42"},
        {"x", "x"},
        {"a key with blanks", "a key with blanks"},
        {" \t order-42\t ", "order-42"},
        {"!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~", "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"},
        {LETTERS_250 "12345", LETTERS_250 "12345"},
        {"  " LETTERS_250 "12345  ", LETTERS_250 "12345"},
        {"", ""},
        {"   ", ""},
        {"\t", ""},
        {LETTERS_250 "123456", ""},
        {"order\t42", ""},
        {"order\x01", ""},
        {"order\x7f", ""},
        {"\xc3\xbc", ""},
    };
    return cr_make_param_array(struct key, keys, sizeof keys / sizeof *keys);
}

ParameterizedTest(struct key *key, idempotency_key, has_1_to_255_printable_characters)
{
    const struct tg_text body = {0};
    struct tg_send send = {0};
    struct tg_error error = {0};
    bool good = send_form_read_key(key->header, 1, &body, &send, &error);
    cr_assert_eq(good, key->key[0] != '\0', "%s", key->header);
    cr_assert_str_eq(send.idempotency_key, key->key);
    if (!good) {
        cr_assert_str_eq(error.code, "invalid_header");
        cr_assert_str_eq(error.field, "Idempotency-Key");
    }
}

Test(idempotency_key, may_be_absent_and_must_not_come_twice)
{
    const struct tg_text body = {0};
    struct tg_send send = {0};
    struct tg_error error = {0};
    cr_assert(send_form_read_key(NULL, 0, &body, &send, &error));
    cr_assert_str_eq(send.idempotency_key, "");
    cr_assert_not(send_form_read_key("one", 2, &body, &send, &error));
    cr_assert_str_eq(error.message, "Idempotency-Key must be given once");
    cr_assert_not(send_form_read_key(NULL, 1, &body, &send, &error));
}

enum { NONE = -1000000000, DAY_S = 86400 };

// So many seconds from now, as a member of the request; NONE: it is left out.
static void append_time(struct tg_text *body, const char *name, long ahead_s)
{
    if (ahead_s == NONE)
        return;
    time_t at = time(NULL) + ahead_s;
    struct tm parts;
    char text[32];
    gmtime_r(&at, &parts);
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
    tg_text_append_format(body, ",\"%s\":\"%s\"", name, text);
}

struct times {
    long send_at_s;
    long not_after_s;
    char field[16]; // "": good
};

ParameterizedTestParameters(not_after, is_after_send_at_and_not_too_far_ahead)
{
    static struct times times[] = {
        {NONE, NONE, ""},
        {NONE, 60, ""},
        {NONE, 2, ""},
        {NONE, TG_SEND_AT_MAX_S + DAY_S - 60, ""},
        {-3600, 60, ""},
        {60, 61, ""},
        {60, NONE, ""},
        {-3600, -1800, ""}, // accept_sends refuses it, unless it repeats another one
        {TG_SEND_AT_MAX_S - 60, NONE, ""},
        {NONE, TG_SEND_AT_MAX_S + DAY_S + 60, "not_after"},
        {60, 60, "not_after"},
        {60, 30, "not_after"},
        {TG_SEND_AT_MAX_S + 60, TG_SEND_AT_MAX_S + 3600, "send_at"},
        {100L * TG_SEND_AT_MAX_S, NONE, "send_at"},
    };
    return cr_make_param_array(struct times, times, sizeof times / sizeof *times);
}

ParameterizedTest(struct times *times, not_after, is_after_send_at_and_not_too_far_ahead)
{
    TG_TEXT_AUTO body = {0};
    tg_text_append_string(&body, "{\"phone\":\"919876543210\",\"message\":\"Hi\"");
    append_time(&body, "send_at", times->send_at_s);
    append_time(&body, "not_after", times->not_after_s);
    tg_text_append_string(&body, "}");
    struct tg_send send = {0};
    struct tg_error error = {0};
    bool good = send_form_read(&body, &(struct identity){0}, NULL, NULL, &send, &error);
    cr_assert_str_eq(error.field, times->field, "%s", tg_text_string(&body));
    cr_assert_eq(good, times->field[0] == '\0');
    if (!good) {
        cr_assert_str_eq(error.code, "invalid_field");
        return;
    }
    cr_assert_eq(send.not_after_ms != 0, times->not_after_s != NONE);
    tg_send_finish(&send);
}

#define TEXT "\"messaging_product\":\"whatsapp\",\"type\":\"text\",\"text\":{\"body\":\"Hi\"}"

struct recipient {
    char request[300];
    char field[32]; // "": good
    char phone[TG_PHONE_SIZE];
};

ParameterizedTestParameters(recipient, is_one_person_or_none)
{
    static struct recipient recipients[] = {
        {"{\"payload\":{" TEXT ",\"to\":\"919876543210\"}}", "", "919876543210"},
        {"{\"payload\":{" TEXT ",\"recipient\":\"IN.1\"}}", "", ""},
        {"{\"payload\":{" TEXT ",\"to\":\"\",\"recipient\":\"IN.1\"}}", "", ""},
        {"{\"payload\":{" TEXT ",\"to\":\"919876543210\",\"recipient\":\"IN.1\"}}", "",
         "919876543210"},
        {"{\"payload\":{" TEXT ",\"recipient_type\":\"group\",\"to\":\"919876543210\"}}",
         "payload.recipient_type", ""},
        {"{\"payload\":{" TEXT ",\"recipient_type\":\"group\",\"recipient\":\"1203\"}}",
         "payload.recipient_type", ""},
        // It goes to the message that it names: the phone makes no contact of it.
        {"{\"phone\":\"919876543210\",\"payload\":{\"messaging_product\":\"whatsapp\","
         "\"status\":\"read\",\"message_id\":\"wamid.1\"}}",
         "", ""},
    };
    return cr_make_param_array(struct recipient, recipients,
                               sizeof recipients / sizeof *recipients);
}

ParameterizedTest(struct recipient *recipient, recipient, is_one_person_or_none)
{
    TG_TEXT_AUTO body = {0};
    tg_text_append_string(&body, recipient->request);
    struct tg_send send = {0};
    struct tg_error error = {0};
    bool good = send_form_read(&body, &(struct identity){0}, NULL, NULL, &send, &error);
    cr_assert_str_eq(error.field, recipient->field, "%s", recipient->request);
    cr_assert_eq(good, recipient->field[0] == '\0', "%s", error.message);
    if (!good)
        return;
    cr_assert_str_eq(send.phone, recipient->phone);
    cr_assert_null(strstr(tg_text_string(&send.payload), "\"+\""), "%s", recipient->request);
    tg_send_finish(&send);
}

struct member {
    char request[300];
    char field[96];
    char says[80];
};

ParameterizedTestParameters(member, that_is_unknown_is_refused_by_its_name)
{
    static struct member members[] = {
        {"{\"phone\":\"919876543210\",\"message\":\"Hi\",\"sendAt\":\"2099-01-01T00:00:00Z\"}",
         "sendAt", "There is no sendAt; there is send_at"},
        {"{\"phone\":\"919876543210\",\"message\":\"Hi\",\"Reply-To\":null}", "Reply-To",
         "There is no Reply-To; there is reply_to"},
        {"{\"phone\":\"919876543210\",\"message\":\"Hi\",\"template\":{}}", "template",
         "There is no template"},
        {"{\"to\":\"919876543210\",\"message\":\"Hi\"}", "to", "There is no to"},
        {"{\"phone\":\"919876543210\",\"message\":\"Hi\",\"\":1}", "body",
         "There is no member without a name"},
        {"{\"phone\":\"919876543210\",\"media\":{\"type\":\"image\",\"id\":\"1\",\"url\":\"x\"}}",
         "media.url", "There is no media.url"},
        {"{\"phone\":\"919876543210\",\"media\":{\"type\":\"image\",\"id\":\"1\",\"Caption\":\"x\"}"
         "}",
         "media.Caption", "There is no media.Caption; there is media.caption"},
        {"{\"phone\":\"919876543210\",\"message\":\"Hi\","
         "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\xc3\xa4\xc3\xa4\xc3\xa4\":1}",
         "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "There is no aaaaaaaaaaaa"},
    };
    return cr_make_param_array(struct member, members, sizeof members / sizeof *members);
}

ParameterizedTest(struct member *member, member, that_is_unknown_is_refused_by_its_name)
{
    TG_TEXT_AUTO body = {0};
    tg_text_append_string(&body, member->request);
    struct tg_send send = {0};
    struct tg_error error = {0};
    cr_assert_not(send_form_read(&body, &(struct identity){0}, NULL, NULL, &send, &error), "%s",
                  member->request);
    cr_assert_str_eq(error.code, "unknown_field");
    cr_assert_str_eq(error.field, member->field);
    cr_assert_eq(strncmp(error.message, member->says, strlen(member->says)), 0, "%s",
                 error.message);
}

// A payload that says something already of what `phone` says.
struct filled {
    char payload[200];
    char field[32]; // "": good
};

ParameterizedTestParameters(phone, fills_up_the_payload_beside_it)
{
    static struct filled cases[] = {
        {"\"type\":\"text\",\"text\":{\"body\":\"Hi\"}", ""},
        {TEXT, ""},
        {TEXT ",\"to\":\"+91 98765-43210\"", ""},
        {TEXT ",\"to\":\"\"", ""},
        {TEXT ",\"to\":null,\"recipient\":\"\"", ""},
        {TEXT ",\"recipient_type\":\"individual\"", ""},
        {"\"text\":{\"body\":\"Hi\"},\"to\":\"919876543210\"", ""},
        {"\"messaging_product\":null,\"recipient_type\":\"individual\",\"text\":{\"body\":\"Hi\"}",
         ""},
        {TEXT ",\"to\":\"919876543211\"", "payload.to"},
        {TEXT ",\"recipient\":\"IN.1\"", "phone"},
    };
    return cr_make_param_array(struct filled, cases, sizeof cases / sizeof *cases);
}

ParameterizedTest(struct filled *filled, phone, fills_up_the_payload_beside_it)
{
    TG_TEXT_AUTO body = {0};
    tg_text_append_format(&body, "{\"phone\":\"919876543210\",\"payload\":{%s}}", filled->payload);
    struct tg_send send = {0};
    struct tg_error error = {0};
    bool good = send_form_read(&body, &(struct identity){0}, NULL, NULL, &send, &error);
    cr_assert_eq(good, filled->field[0] == '\0', "%s: %s", filled->payload, error.message);
    cr_assert_str_eq(error.field, filled->field);
    if (!good)
        return;
    const char *payload = tg_text_string(&send.payload);
    cr_expect_str_eq(send.phone, "919876543210");
    cr_expect(strstr(payload, "\"to\":\"+919876543210\""), "%s", payload);
    cr_expect(strstr(payload, "\"messaging_product\":\"whatsapp\""), "%s", payload);
    tg_send_finish(&send);
}

Test(payload, without_a_recipient_says_how_to_write_one)
{
    TG_TEXT_AUTO body = {0};
    tg_text_append_string(&body, "{\"payload\":{" TEXT "}}");
    struct tg_send send = {0};
    struct tg_error error = {0};
    cr_assert_not(send_form_read(&body, &(struct identity){0}, NULL, NULL, &send, &error));
    cr_assert_str_eq(error.field, "payload.to");
    cr_assert(strstr(error.message, "phone beside payload"), "%s", error.message);
}

Test(payload, of_a_receipt_needs_no_envelope)
{
    TG_TEXT_AUTO body = {0};
    tg_text_append_string(&body, "{\"payload\":{\"status\":\"read\",\"message_id\":\"wamid.1\"}}");
    struct tg_send send = {0};
    struct tg_error error = {0};
    cr_assert(send_form_read(&body, &(struct identity){0}, NULL, NULL, &send, &error), "%s",
              error.message);
    cr_assert_str_eq(send.type, "receipt");
    cr_assert_not(strstr(tg_text_string(&send.payload), "\"to\""));
    tg_send_finish(&send);
}

Test(payload, keeps_numbers_as_they_were_written)
{
    TG_TEXT_AUTO body = {0};
    tg_text_append_string(&body,
                          "{\"phone\":\"919876543210\",\"payload\":{\"type\":\"text\",\"text\":"
                          "{\"body\":\"Hi\"},\"new\":[12345678901234567890123,-0,1.50]}}");
    struct tg_send send = {0};
    struct tg_error error = {0};
    cr_assert(send_form_read(&body, &(struct identity){0}, NULL, NULL, &send, &error), "%s",
              error.message);
    cr_assert(strstr(tg_text_string(&send.payload), "[12345678901234567890123,-0,1.50]"), "%s",
              tg_text_string(&send.payload));
    tg_send_finish(&send);
}

struct channel {
    char member[100];
    char field[32]; // "": good
};

ParameterizedTestParameters(channel, is_named_by_its_id_or_its_number)
{
    static struct channel channels[] = {
        {"\"phone_number_id\":\"123456\"", ""},
        {"\"phone_number_id\":null", ""},
        {"\"phone_number_id\":\"12345678901234567890123456789012\"", ""},
        {"\"phone_number_id\":\"123456789012345678901234567890123\"", "phone_number_id"},
        {"\"phone_number_id\":\"\"", "phone_number_id"},
        {"\"phone_number_id\":\"12a\"", "phone_number_id"},
        {"\"phone_number_id\":\"12\\u00003\"", "phone_number_id"},
        {"\"phone_number_id\":123456", "phone_number_id"},
        {"\"channel_id\":\"00000000-0000-4000-8000-000000000000\"", ""},
        {"\"channel_id\":\"123456\"", "channel_id"},
    };
    return cr_make_param_array(struct channel, channels, sizeof channels / sizeof *channels);
}

ParameterizedTest(struct channel *channel, channel, is_named_by_its_id_or_its_number)
{
    TG_TEXT_AUTO body = {0};
    tg_text_append_format(&body, "{\"phone\":\"919876543210\",\"message\":\"Hi\",%s}",
                          channel->member);
    struct tg_send send = {0};
    struct tg_error error = {0};
    bool good = send_form_read(&body, &(struct identity){0}, NULL, NULL, &send, &error);
    cr_assert_str_eq(error.field, channel->field, "%s: %s", channel->member, error.message);
    cr_assert_eq(good, channel->field[0] == '\0');
    if (good)
        tg_send_finish(&send);
}

struct number {
    char request[200];
};

ParameterizedTestParameters(recipient, leaves_with_a_plus_however_it_was_given)
{
    static struct number numbers[] = {
        {"{\"phone\":\"919876543210\",\"message\":\"Hi\"}"},
        {"{\"phone\":\"+91 (98765) 43-210\",\"message\":\"Hi\"}"},
        {"{\"phone\":\"919876543210\",\"media\":{\"type\":\"image\",\"id\":\"1\"}}"},
        {"{\"phone\":\"919876543210\",\"payload\":{\"type\":\"text\",\"text\":{\"body\":\"Hi\"}}}"},
        {"{\"payload\":{" TEXT ",\"to\":\"919876543210\"}}"},
        {"{\"payload\":{" TEXT ",\"to\":\"+91 98765-43210\"}}"},
    };
    return cr_make_param_array(struct number, numbers, sizeof numbers / sizeof *numbers);
}

ParameterizedTest(struct number *number, recipient, leaves_with_a_plus_however_it_was_given)
{
    TG_TEXT_AUTO body = {0};
    tg_text_append_string(&body, number->request);
    struct tg_send send = {0};
    struct tg_error error = {0};
    cr_assert(send_form_read(&body, &(struct identity){0}, NULL, NULL, &send, &error), "%s",
              error.message);
    cr_expect_str_eq(send.phone, "919876543210");
    cr_expect(strstr(tg_text_string(&send.payload), "\"to\":\"+919876543210\""), "%s",
              tg_text_string(&send.payload));
    tg_send_finish(&send);
}

Test(recipient, is_kept_whole_or_refused)
{
    for (size_t letters = 127; letters <= 129; letters++) {
        TG_TEXT_AUTO body = {0};
        tg_text_append_string(&body, "{\"payload\":{" TEXT ",\"recipient\":\"");
        for (size_t i = 0; i < letters; i++)
            tg_text_append_string(&body, "\xc3\xa4"); // two bytes
        tg_text_append_string(&body, "\"}}");
        struct tg_send send = {0};
        struct tg_error error = {0};
        bool good = send_form_read(&body, &(struct identity){0}, NULL, NULL, &send, &error);
        cr_assert_eq(good, 2 * letters < TG_USER_ID_SIZE, "%zu: %s", letters, error.message);
        if (!good) {
            cr_assert_str_eq(error.field, "payload.recipient");
            continue;
        }
        cr_assert_eq(strlen(send.user_id), 2 * letters);
        tg_send_finish(&send);
    }
}

struct nul_send {
    char body[160];
    char field[48]; // "": it is taken
};

// A backslash and what follows it is none.
ParameterizedTestParameters(send, with_a_nul_character_is_refused_by_its_field)
{
    static struct nul_send cases[] = {
        {"{\"phone\":\"919876543210\",\"message\":\"a\\u0000b\"}", "message"},
        {"{\"phone\":\"919876543210\",\"media\":{\"type\":\"image\",\"id\":\"1\",\"caption\":"
         "\"\\u0000\"}}",
         "media.caption"},
        {"{\"phone\":\"919876543210\",\"payload\":{\"type\":\"text\",\"text\":{\"body\":"
         "\"\\u0000\"}}}",
         "payload.text.body"},
        {"{\"phone\":\"919876543210\",\"message\":\"a\",\"reply_to\":\"w\\u0000\"}", "reply_to"},
        {"{\"phone\":\"919876543210\",\"message\":\"a\",\"reply_to\\u0000\":\"w\"}",
         "reply_to\\u0000"},
        {"{\"phone\":\"919876543210\",\"payload\":{\"type\":\"text\",\"to\\u0000x\":"
         "\"1\",\"text\":{\"body\":\"a\"}}}",
         "to\\u0000x"},
        {"{\"phone\":\"919876543210\",\"message\":\"a\\\\u0000b \\ud800\"}", ""},
    };
    return cr_make_param_array(struct nul_send, cases, sizeof cases / sizeof *cases);
}

ParameterizedTest(struct nul_send *sent, send, with_a_nul_character_is_refused_by_its_field)
{
    TG_TEXT_AUTO body = {0};
    tg_text_append_string(&body, sent->body);
    struct tg_send send = {0};
    struct tg_error error = {0};
    bool good = send_form_read(&body, &(struct identity){0}, NULL, NULL, &send, &error);
    cr_assert_eq(good, sent->field[0] == '\0', "%s: %s", sent->body, error.message);
    cr_assert_str_eq(error.field, sent->field);
    tg_send_finish(&send);
}

// Whether a body of so many bytes, nearly all of them `one` again and again, is refused for what it
// is made of.
static bool has_too_many(const char *one, size_t size)
{
    TG_TEXT_AUTO body = {0};
    tg_text_append_string(&body, "{\"phone\":\"919876543210\",\"payload\":{\"type\":[0");
    while (body.length + strlen(one) + strlen("]}}") <= size)
        tg_text_append_string(&body, one);
    tg_text_append_string(&body, "]}}");
    struct tg_send send = {0};
    struct tg_error error = {0};
    cr_assert_not(send_form_read(&body, &(struct identity){0}, NULL, NULL, &send, &error));
    bool refused = strstr(error.message, "objects and lists") != NULL;
    cr_assert_str_eq(error.code, refused ? "invalid_json" : "invalid_message");
    cr_assert_str_eq(error.field, refused ? "body" : "payload.type");
    return refused;
}

Test(send, is_not_parsed_if_it_is_made_of_too_many_parts)
{
    cr_assert(has_too_many(",{}", TG_SEND_BODY_MAX));
    cr_assert(has_too_many(",[]", TG_SEND_BODY_MAX));
    cr_assert(has_too_many(",1", TG_SEND_BODY_MAX));
    cr_assert(!has_too_many(",{}", 3UL * (TG_SEND_OBJECTS_MAX - 50)));
    cr_assert(has_too_many(",{}", 3UL * (TG_SEND_OBJECTS_MAX + 50)));
    cr_assert(!has_too_many(",1", 2UL * (TG_SEND_VALUES_MAX - 50)));
    cr_assert(has_too_many(",1", 2UL * (TG_SEND_VALUES_MAX + 50)));
    cr_assert(!has_too_many(",\"{[,:\"", TG_SEND_BODY_MAX));
    cr_assert(!has_too_many(",{}", TG_SEND_COUNTED_FROM));
}

// Whether a body with so many of them is refused for what it is made of: beside them it has 3
// objects and lists, and 7 values.
static bool are_too_many(const char *one, size_t times)
{
    return has_too_many(one, strlen("{\"phone\":\"919876543210\",\"payload\":{\"type\":[0]}}") +
                                 times * strlen(one));
}

Test(send, is_parsed_up_to_so_many_parts_and_no_more)
{
    static const struct {
        const char *one;
        size_t most;
    } cases[] = {{",{}", TG_SEND_OBJECTS_MAX - 3},
                 {",[]", TG_SEND_OBJECTS_MAX - 3},
                 {",1", TG_SEND_VALUES_MAX - 7},
                 {",\"\"", TG_SEND_VALUES_MAX - 7}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cr_assert_not(are_too_many(cases[i].one, cases[i].most), "%s", cases[i].one);
        cr_assert(are_too_many(cases[i].one, cases[i].most + 1), "%s", cases[i].one);
        cr_assert(are_too_many(cases[i].one, 100 * cases[i].most), "%s", cases[i].one);
    }
    // What is not counted is too short to have too many.
    cr_assert_leq(TG_SEND_COUNTED_FROM, TG_SEND_OBJECTS_MAX);
}

struct wish {
    char prefer[40]; // "": no header
    int unless_said;
    int expected;
};

ParameterizedTestParameters(wait, is_what_the_header_says_and_else_the_setting)
{
    static struct wish cases[] = {
        {"", 0, 0},
        {"", 12, 12},
        {"wait=7", 0, 7},
        {"wait=7", 12, 7},
        {"wait=0", 12, 0},
        {"wait = 7", 12, 7},
        {"wait=\"7\"", 12, 7},
        {"wait =x", 12, 12},
        {"waits=7", 12, 12},
        {"wait=30", 12, 30},
        {"wait=31", 12, 30},
        {"wait=99", 12, 30},
        {"wait=99999999999999999999999", 12, 30},
        {"handling=strict, WAIT=5", 12, 5},
        {"handling=strict", 12, 12},
        {"wait", 12, 12},
        {"respond-async", 12, 0},
        {"Respond-Async", 12, 0},
        {"respond-async, wait=5", 12, 5},
        {"handling=lenient;respond-async", 12, 0},
        {"respond-asynchronously", 12, 12},
        {"no-respond-async", 12, 12},
    };
    return cr_make_param_array(struct wish, cases, sizeof cases / sizeof *cases);
}

ParameterizedTest(struct wish *wish, wait, is_what_the_header_says_and_else_the_setting)
{
    const char *prefer = wish->prefer[0] ? wish->prefer : NULL;
    cr_assert_eq(send_form_wait_seconds(prefer, wish->unless_said), wish->expected, "%s %d",
                 wish->prefer, wish->unless_said);
}
