#include "ingress/who/identity.h"

#include "common/crypto/digest.h"

#include <criterion/criterion.h>
#include <string.h>

static struct tg_span span(const char *text)
{
    return (struct tg_span){text, strlen(text)};
}

Test(identity, rights_have_names)
{
    static const unsigned rights[] = {RIGHT_SEND, RIGHT_READ, RIGHT_MANAGE, RIGHT_MONEY,
                                      RIGHT_KEYS};
    for (size_t i = 0; i < sizeof rights / sizeof *rights; i++) {
        cr_assert_eq(right_read(span(right_names[i])), rights[i]);
        cr_assert_str_eq(right_name(rights[i]), right_names[i]);
    }
    cr_assert_null(right_names[sizeof rights / sizeof *rights]);
    cr_assert_str_eq(right_name(RIGHT_MONEY | RIGHT_KEYS), "money");
    static const char *const others[] = {"", "Send", "sends", "sen", "send,read"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        cr_assert_eq(right_read(span(others[i])), 0, "%s", others[i]);
    cr_assert_eq(right_read((struct tg_span){0}), 0);
}

Test(identity, a_zeroed_one_is_nobody)
{
    struct identity nobody = {0};
    struct tg_uuid org;
    struct tg_error error;
    cr_assert_neq(nobody.proof, PROOF_NONE);
    cr_assert_eq(nobody.rights, 0);
    cr_assert_not(
        identity_org(&nobody, "00000000-0000-4000-8000-000000000001", 36, "org_id", &org, &error));
    cr_assert_str_eq(error.code, "org_mismatch");
}

Test(identity, is_named_whole_or_by_a_digest)
{
    struct identity identity = {0};
    char name[300];
    memset(name, 'n', sizeof name);
    identity_name(&identity, "key", span("tg_12345678"));
    cr_assert_str_eq(identity.actor, "key:tg_12345678");
    size_t fits = IDENTITY_ACTOR_SIZE - sizeof "jwt:";
    identity_name(&identity, "jwt", (struct tg_span){name, fits});
    cr_assert_eq(strlen(identity.actor), IDENTITY_ACTOR_SIZE - 1);
    cr_assert_eq(memcmp(identity.actor + 4, name, fits), 0);
    // Who differ late are told apart too.
    identity_name(&identity, "jwt", (struct tg_span){name, sizeof name});
    cr_assert_eq(strlen(identity.actor), 4 + 2 * TG_SHA256_SIZE, "%s", identity.actor);
    struct identity other = {0};
    name[sizeof name - 1] = 'm';
    identity_name(&other, "jwt", (struct tg_span){name, sizeof name});
    cr_assert_str_neq(identity.actor, other.actor);
}
