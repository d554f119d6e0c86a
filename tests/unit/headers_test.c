#include "ingress/accept/headers.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <string.h>

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
    char read[TG_IDEMPOTENCY_KEY_SIZE];
    struct tg_error error = {0};
    bool good = headers_read_key(key->header, 1, read, &error);
    cr_assert_eq(good, key->key[0] != '\0', "%s", key->header);
    cr_assert_str_eq(read, key->key);
    if (!good) {
        cr_assert_str_eq(error.code, "invalid_header");
        cr_assert_str_eq(error.field, "Idempotency-Key");
    }
}

Test(idempotency_key, may_be_absent_and_must_not_come_twice)
{
    char read[TG_IDEMPOTENCY_KEY_SIZE];
    struct tg_error error = {0};
    cr_assert(headers_read_key(NULL, 0, read, &error));
    cr_assert_str_eq(read, "");
    cr_assert_not(headers_read_key("one", 2, read, &error));
    cr_assert_str_eq(error.message, "Idempotency-Key must be given once");
    cr_assert_not(headers_read_key(NULL, 1, read, &error));
}
