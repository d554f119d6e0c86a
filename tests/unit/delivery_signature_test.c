#include "common/crypto/delivery_signature.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <string.h>

// The first is the specification's own; the others were made by another implementation.
struct vector {
    char secret[64];
    char id[40];
    int64_t timestamp;
    char body[160];
    char signature[64];
};

ParameterizedTestParameters(delivery_signature, is_as_the_specification_has_it)
{
    static struct vector vectors[] = {
        {"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330,
         "{\"test\": 2432232314}", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="},
        {"whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
         "evt_0199f1a2c3d47e5f8a0b1c2d3e4f5061", 1763800000,
         "{\"type\":\"message.delivered\",\"timestamp\":\"2025-11-22T08:26:40.000Z\",\"data\":{"
         "\"message_id\":\"0199f1a2-c3d4-7e5f-8a0b-1c2d3e4f5061\"}}",
         "v1,JfC5tC49kx0WAXQYq/O9H5BDVURhpCsEmEm0xQxnq6s="},
        {"whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", "evt_1", 1, "",
         "v1,epJGmg8K98O1/WcYes/ln4lfN/QvpgmOe/oygL7Vy+E="},
        {"whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", "evt_2", 1763800000,
         "{\"text\":\"Gr\xc3\xbc\xc3\x9f"
         "e \xf0\x9f\x99\x82\"}",
         "v1,c8V4fegxYmHiw8hzj46NiDCrog+w88zNpPO2YiQY9zM="},
    };
    return cr_make_param_array(struct vector, vectors, sizeof vectors / sizeof vectors[0]);
}

ParameterizedTest(struct vector *vector, delivery_signature, is_as_the_specification_has_it)
{
    TG_TEXT_AUTO signature = {0};
    const struct tg_signed_delivery delivery = {vector->id, vector->timestamp,
                                                tg_span_of(vector->body)};
    cr_assert(tg_sign_delivery(tg_span_of(vector->secret), &delivery, &signature));
    cr_assert_str_eq(tg_text_string(&signature), vector->signature);
}

Test(delivery_signature, stands_behind_what_was_there)
{
    TG_TEXT_AUTO signature = {0};
    const struct tg_signed_delivery delivery = {"evt_1", 1, {"", 0}};
    const char *secret = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    tg_text_append_string(&signature, "v1,old ");
    cr_assert(tg_sign_delivery(tg_span_of(secret), &delivery, &signature));
    cr_assert_str_eq(signature.data, "v1,old v1,epJGmg8K98O1/WcYes/ln4lfN/QvpgmOe/oygL7Vy+E=");
}

Test(endpoint_secret, that_is_made_is_good_and_another_each_time)
{
    TG_SECRET_AUTO one = {0};
    TG_SECRET_AUTO other = {0};
    tg_endpoint_secret_make(&one);
    tg_endpoint_secret_make(&other);
    cr_assert(tg_endpoint_secret_is_good(tg_text_span(&one)), "%s", tg_text_string(&one));
    cr_assert_str_neq(one.data, other.data);
    cr_assert_eq(one.length, 6 + 44);
}

// 86 digits.
#define TEN "AAAAAAAAAA"
#define LONG TEN TEN TEN TEN TEN TEN TEN TEN "AAAAAA"

Test(endpoint_secret, has_24_to_64_bytes_in_base64_behind_its_prefix)
{
    static const struct {
        const char *secret;
        bool is_good;
    } cases[] = {
        {"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", true},
        {"whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", true},     // 24
        {"whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", false},    // 23
        {"whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==", true}, // 25
        {"whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", false},  // without its padding
        {"whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA-", false},    // of base64url
        {"whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA A", false},   //
        {"whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n", false},  //
        {"whpk_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", false},    //
        {"MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", false},          //
        {"whsec_", false},                                    //
        {"", false},                                          //
        {"whsec_" LONG "==", true},                           // 64
        {"whsec_" LONG "A=", false},                          // 65
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        TG_TEXT_AUTO signature = {0};
        const struct tg_signed_delivery delivery = {"evt_1", 1, {"", 0}};
        struct tg_span secret = tg_span_of(cases[i].secret);
        cr_expect_eq(tg_endpoint_secret_is_good(secret), cases[i].is_good, "%s", cases[i].secret);
        cr_expect_eq(tg_sign_delivery(secret, &delivery, &signature), cases[i].is_good);
        cr_expect_eq(signature.length > 0, cases[i].is_good);
    }
    cr_expect_not(tg_endpoint_secret_is_good((struct tg_span){NULL, 0}));
}
