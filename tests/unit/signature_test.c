#include "common/base/text.h"
#include "common/crypto/digest.h"
#include "common/crypto/signature.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

// HMAC-SHA256 of RFC 4231, test case 2: key "Jefe".
#define BODY "what do ya want for nothing?"
#define DIGITS "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
#define DIGITS_UPPER "5BDCC146BF60754E6A042426089575C75A003F089D2739839DEC58B964EC3843"

struct signature {
    char secrets[64];
    char header[152];
    bool is_right;
};

ParameterizedTestParameters(signature, is_right_only_under_one_of_the_secrets)
{
    static struct signature signatures[] = {
        {"Jefe", "sha256=" DIGITS, true},
        {"Jefe", "sha256=" DIGITS_UPPER, true},
        {"Jefe,old", "sha256=" DIGITS, true},
        {"new,Jefe", "sha256=" DIGITS, true},
        {"1,2,3,4,5,6,7,Jefe", "sha256=" DIGITS, true},
        {"new,old", "sha256=" DIGITS, false},
        {"Jef", "sha256=" DIGITS, false},
        {"Jefee", "sha256=" DIGITS, false},
        {"jefe", "sha256=" DIGITS, false},
        {"Jefe ", "sha256=" DIGITS, false},
        {"Jefe", DIGITS, false},
        {"Jefe", "", false},
        {"Jefe", "sha256=", false},
        {"Jefe", "sha256", false},
        {"Jefe", "sha1=" DIGITS, false},
        {"Jefe", "Sha256=" DIGITS, false},
        {"Jefe", " sha256=" DIGITS, false},
        {"Jefe", "sha256= " DIGITS, false},
        {"Jefe", "sha256=" DIGITS " \t", true}, // blanks behind a value are not of it
        {"Jefe", "sha256=" DIGITS " 0", false},
        {"Jefe", "sha256=" DIGITS "0", false},
        {"Jefe", "sha256=" DIGITS ",sha256=" DIGITS, false},
        // One digit less, another first one, another last one, no digit.
        {"Jefe", "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec384", false},
        {"Jefe", "sha256=6bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843", false},
        {"Jefe", "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3842", false},
        {"Jefe", "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec384g", false},
        {"Jefe", "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec38:3", false},
    };
    return cr_make_param_array(struct signature, signatures,
                               sizeof signatures / sizeof signatures[0]);
}

ParameterizedTest(struct signature *signature, signature, is_right_only_under_one_of_the_secrets)
{
    cr_assert_eq(
        tg_signature_is_right(signature->header, signature->secrets, BODY, sizeof BODY - 1),
        signature->is_right, "%s %s", signature->secrets, signature->header);
}

Test(signature, is_of_every_byte_of_the_body)
{
    for (size_t i = 0; i < strlen(BODY); i++) {
        char body[] = BODY;
        body[i] ^= 1;
        cr_assert_not(tg_signature_is_right("sha256=" DIGITS, "Jefe", body, sizeof body - 1), "%zu",
                      i);
    }
    // With the NUL.
    cr_assert_not(tg_signature_is_right("sha256=" DIGITS, "Jefe", BODY, sizeof BODY));
}

Test(signature, that_is_written_is_read_as_right)
{
    TG_TEXT_AUTO written = {0};
    tg_signature_write(tg_span_of("Jefe"), tg_span_of(BODY), &written);
    cr_assert_str_eq(tg_text_string(&written), "sha256=" DIGITS);
    cr_assert(tg_signature_is_right(written.data, "Jefe", BODY, sizeof BODY - 1));
}

Test(signature, of_an_empty_body_is_one_like_any_other)
{
    cr_assert(tg_signature_is_right(
        "sha256=5d5d139563c95b5967b9bd9a8c9b233a9dedb45072794cd232dc1b74832607d0", "key", "", 0));
    cr_assert_not(tg_signature_is_right("sha256=" DIGITS, "key", "", 0));
}

Test(verify_token, is_the_same_only_if_every_character_is)
{
    static const struct {
        const char *a, *b;
        bool same;
    } cases[] = {{"token", "token", true},   {"", "", true},
                 {"token", "Token", false},  {"token", "toke", false},
                 {"token", "token ", false}, {"token", "", false},
                 {"token", "tokem", false},  {"\xc3\xa9", "\xc3\xa9", true}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cr_assert_eq(tg_same_text(cases[i].a, cases[i].b), cases[i].same, "%s %s", cases[i].a,
                     cases[i].b);
        cr_assert_eq(tg_same_text(cases[i].b, cases[i].a), cases[i].same);
    }
}

// Each is what libcrypto's one-shot call makes of it, whichever keys were used before.
Test(signature, keys_take_turns)
{
    static const char long_key[200] = "a key that is too long to be kept";
    static const struct tg_span keys[] = {
        {"one", 3}, {"two", 3}, {"one", 3},      {"", 0},      {"three", 5}, {long_key, 200},
        {"one", 3}, {"on", 2},  {long_key, 199}, {"three", 5}, {"", 0},      {long_key, 128}};
    for (size_t i = 0; i < 2 * sizeof keys / sizeof *keys; i++) {
        struct tg_span key = keys[i % (sizeof keys / sizeof *keys)];
        unsigned char mac[TG_SHA256_SIZE];
        unsigned char expected[TG_SHA256_SIZE];
        cr_assert(HMAC(EVP_sha256(), key.data, (int)key.length, (const unsigned char *)BODY, i,
                       expected, NULL));
        tg_hmac_sha256(key.data, key.length, BODY, i, mac);
        cr_assert_arr_eq(mac, expected, sizeof mac, "%zu", i);
    }
}
