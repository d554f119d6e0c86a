#include "ingress/media/sent_file.h"

#include "common/base/file.h"
#include "common/base/text.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FORM "multipart/form-data; boundary=x"
#define HEAD                                                                                       \
    "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a b.pdf\"\r\n"               \
    "Content-Type: application/pdf\r\n\r\n"
#define END "\r\n--x--\r\n"

static struct tg_error error;
static struct sent_file sent;

// A body on disk.
static struct body body_with(const char *bytes, size_t length)
{
    char path[] = "/var/tmp/tollgate-test-XXXXXX";
    struct body body = body_of(BODY_FILE, SIZE_MAX);
    body.file = mkstemp(path);
    cr_assert_geq(body.file, 0);
    cr_assert_eq(unlink(path), 0);
    cr_assert(tg_file_write_all(body.file, bytes, length));
    body.held = length;
    return body;
}

static bool find(const char *type, const char *bytes, size_t length)
{
    struct body body = body_with(bytes, length);
    error = (struct tg_error){0};
    tg_text_finish(&sent.filename);
    sent = (struct sent_file){0};
    bool good = sent_file_find(&body, type, &sent, &error);
    close(body.file);
    return good;
}

static bool find_text(const char *type, const char *text)
{
    return find(type, text, strlen(text));
}

Test(sent_file, is_the_body_as_a_whole)
{
    cr_assert(find_text("image/png", "abc"));
    cr_assert_eq(sent.from, 0);
    cr_assert_eq(sent.size, 3);
    cr_assert_str_eq(sent.mime_type, "image/png");
    cr_assert_eq(sent.filename.length, 0);
    cr_assert_not(find_text(NULL, "abc"));
    cr_assert_str_eq(error.code, "unsupported_media_type");
}

Test(sent_file, is_the_one_part_of_a_form)
{
    cr_assert(find_text(FORM, HEAD "abc" END));
    cr_assert_eq(sent.from, strlen(HEAD));
    cr_assert_eq(sent.size, 3);
    cr_assert_str_eq(sent.mime_type, "application/pdf");
    cr_assert_str_eq(sent.filename.data, "a b.pdf");
    cr_assert(find_text(FORM, HEAD END));
    cr_assert_eq(sent.size, 0);
    cr_assert(find_text(FORM, HEAD "\r\n" END));
    cr_assert_eq(sent.size, 2);
    cr_assert(find_text(FORM, HEAD "\r\n-\r\n--\r\n--y" END));
    cr_assert_eq(sent.size, 12);
    tg_text_finish(&sent.filename);
}

// What is looked at of it at a time ends somewhere within its end, wherever that is.
Test(sent_file, ends_where_its_form_says)
{
    enum { AROUND = 32 * 1024, STEPS = 16 };
    TG_TEXT_AUTO bytes = {0};
    for (size_t size = AROUND - STEPS; size < AROUND + STEPS; size++) {
        for (size_t times = 1; times < 3; times++) {
            tg_text_clear(&bytes);
            tg_text_append_string(&bytes, HEAD);
            for (size_t i = 0; i < size * times; i++)
                tg_text_append(&bytes, i % 3 ? "\n" : "\r", 1);
            tg_text_append_string(&bytes, END);
            cr_assert(find(FORM, bytes.data, bytes.length), "%zu", size);
            cr_assert_eq(sent.size, size * times);
        }
    }
    tg_text_finish(&sent.filename);
}

Test(sent_file, is_none_where_the_form_is_no_good)
{
    static const struct {
        const char *body;
        const char *code;
    } bad[] = {
        {"", "invalid_form"},
        {"--x", "invalid_form"},
        {"--x--", "invalid_form"},
        {"--y\r\n\r\n", "invalid_form"},
        {HEAD, "invalid_form"},
        {HEAD "abc", "invalid_form"},
        {HEAD "abc\r\n--x", "invalid_form"},
        {HEAD "abc\r\n--x-", "invalid_form"},
        {HEAD "abc\r\n--x\r\n", "unknown_field"},
        {"--x\r\nContent-Disposition: form-data; name=\"other\"\r\n\r\nabc" END, "unknown_field"},
        {"--x\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\nabc" END,
         "unsupported_media_type"}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        cr_assert_not(find_text(FORM, bad[i].body), "%zu", i);
        cr_assert_str_eq(error.code, bad[i].code, "%zu: %s", i, error.code);
    }
    cr_assert_not(find_text("multipart/form-data", HEAD "abc" END));
    cr_assert_str_eq(error.code, "invalid_form");
    tg_text_finish(&sent.filename);
}
