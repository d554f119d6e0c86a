// Sealing of secrets: what was sealed opens under its key, in its place and as it is, and never
// otherwise.
#include "common/crypto/seal.h"

#include "common/limits.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

// 32 bytes each.
#define ONES "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE="
#define TWOS "AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI="

static const struct tg_seal_place place = {"channels", "access_token", {{1, 2, 3}}, {{4, 5, 6}}};

static const char *path_of_keys(void)
{
    static char path[64];
    snprintf(path, sizeof path, "/tmp/tollgate-keys-%d", (int)getpid());
    return path;
}

static void write_keys(const char *text, mode_t mode)
{
    FILE *file = fopen(path_of_keys(), "we");
    cr_assert(file && fputs(text, file) >= 0 && fclose(file) == 0);
    cr_assert_eq(chmod(path_of_keys(), mode), 0);
}

static bool read_keys(struct tg_keyring *ring, const char *text, struct tg_error *error)
{
    write_keys(text, 0600);
    bool good = tg_keyring_read(ring, path_of_keys(), error);
    unlink(path_of_keys());
    return good;
}

static struct tg_keyring *given_ring(const char *text)
{
    struct tg_error error = {0};
    struct tg_keyring *ring = tg_keyring_create();
    cr_assert(read_keys(ring, text, &error), "%s", error.message);
    return ring;
}

static char *sealed_by(struct tg_keyring *ring, const char *secret)
{
    struct tg_text sealed = {0};
    cr_assert(tg_seal(ring, &place, tg_span_of(secret), &sealed));
    return sealed.data;
}

static enum tg_opened opens(struct tg_keyring *ring, const struct tg_seal_place *at,
                            const char *sealed)
{
    TG_SECRET_AUTO secret = {0};
    enum tg_opened opened = tg_open(ring, at, tg_span_of(sealed), &secret);
    cr_assert_eq(secret.length, opened == TG_OPENED ? strlen("EAAtoken") : 0);
    return opened;
}

Test(seal, what_was_sealed_opens)
{
    struct tg_keyring *ring = given_ring("k1 " ONES "\n");
    static const char *const secrets[] = {"EAAtoken", "", "\xc3\xa9 sealed:k1:", "x"};
    for (size_t i = 0; i < sizeof secrets / sizeof *secrets; i++) {
        char *sealed = sealed_by(ring, secrets[i]);
        TG_SECRET_AUTO secret = {0};
        cr_assert_eq(strncmp(sealed, "sealed:k1:", 10), 0, "%s", sealed);
        cr_assert(strlen(secrets[i]) < 5 || !strstr(sealed, secrets[i]));
        cr_assert_eq(tg_open(ring, &place, tg_span_of(sealed), &secret), TG_OPENED);
        cr_assert_str_eq(tg_text_string(&secret), secrets[i]);
        cr_assert_eq(secret.length, strlen(secrets[i]));
        free(sealed);
    }
    tg_keyring_destroy(ring);
}

// Of whatever length, so that the last digits of base64 are of each kind; and of all bytes.
Test(seal, of_any_length)
{
    struct tg_keyring *ring = given_ring("k1 " ONES "\n");
    char secret[600];
    for (size_t length = 0; length < sizeof secret; length++) {
        TG_TEXT_AUTO sealed = {0};
        TG_SECRET_AUTO opened = {0};
        secret[length] = (char)(length * 7);
        cr_assert(tg_seal(ring, &place, (struct tg_span){secret, length}, &sealed));
        cr_assert_eq(tg_open(ring, &place, (struct tg_span){sealed.data, sealed.length}, &opened),
                     TG_OPENED);
        cr_assert(opened.length == length && memcmp(opened.data, secret, length) == 0, "%zu",
                  length);
    }
    tg_keyring_destroy(ring);
}

// It goes behind what there is, as all that is appended does.
Test(seal, a_secret_is_appended)
{
    struct tg_keyring *ring = given_ring("k1 " ONES "\n");
    char *sealed = sealed_by(ring, "EAAtoken");
    TG_SECRET_AUTO secret = {0};
    tg_text_append_string(&secret, "Bearer ");
    cr_assert_eq(tg_open(ring, &place, tg_span_of(sealed), &secret), TG_OPENED);
    cr_assert_str_eq(secret.data, "Bearer EAAtoken");
    free(sealed);
    tg_keyring_destroy(ring);
}

// So that nobody sees that two channels have the same token.
Test(seal, the_same_secret_is_sealed_otherwise_each_time)
{
    struct tg_keyring *ring = given_ring("k1 " ONES "\n");
    char *one = sealed_by(ring, "EAAtoken");
    char *other = sealed_by(ring, "EAAtoken");
    cr_assert_str_neq(one, other);
    free(one);
    free(other);
    tg_keyring_destroy(ring);
}

Test(seal, opens_nowhere_else)
{
    struct tg_keyring *ring = given_ring("k1 " ONES "\n");
    char *sealed = sealed_by(ring, "EAAtoken");
    struct tg_seal_place others[] = {place, place, place, place, place, place};
    others[0].row_id.bytes[15] ^= 1;
    others[1].org_id.bytes[0] ^= 1;
    others[2].table = "channel";
    others[3].column = "pin";
    others[4].table = "channelsaccess_token", others[4].column = "";
    others[5].org_id = place.row_id, others[5].row_id = place.org_id;
    cr_assert_eq(opens(ring, &place, sealed), TG_OPENED);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        cr_assert_eq(opens(ring, &others[i], sealed), TG_OPEN_WRONG, "%zu", i);
    free(sealed);
    tg_keyring_destroy(ring);
}

Test(seal, opens_not_once_a_bit_of_it_is_another)
{
    struct tg_keyring *ring = given_ring("k1 " ONES "\n");
    char *sealed = sealed_by(ring, "EAAtoken");
    for (size_t i = 0; sealed[i]; i++) {
        for (int bit = 0; bit < 7; bit++) {
            sealed[i] = (char)(sealed[i] ^ 1 << bit);
            if (sealed[i])
                cr_assert_neq(opens(ring, &place, sealed), TG_OPENED, "%zu, %d", i, bit);
            sealed[i] = (char)(sealed[i] ^ 1 << bit);
        }
    }
    cr_assert_eq(opens(ring, &place, sealed), TG_OPENED);
    free(sealed);
    tg_keyring_destroy(ring);
}

Test(seal, opens_not_once_it_was_cut)
{
    struct tg_keyring *ring = given_ring("k1 " ONES "\n");
    char *sealed = sealed_by(ring, "EAAtoken");
    for (size_t length = strlen(sealed); length > 0; length--) {
        sealed[length - 1] = '\0';
        cr_assert_neq(opens(ring, &place, sealed), TG_OPENED, "%zu", length);
    }
    free(sealed);
    tg_keyring_destroy(ring);
}

// Two ids for one key, and one id for two keys.
Test(seal, opens_under_its_own_key_alone)
{
    struct tg_keyring *ring = given_ring("k1 " ONES "\n");
    struct tg_keyring *another = given_ring("k1 " TWOS "\n");
    struct tg_keyring *renamed = given_ring("k2 " ONES "\n");
    struct tg_keyring *none = tg_keyring_create();
    char *sealed = sealed_by(ring, "EAAtoken");
    cr_assert_eq(opens(another, &place, sealed), TG_OPEN_WRONG);
    cr_assert_eq(opens(renamed, &place, sealed), TG_OPEN_NO_KEY);
    cr_assert_eq(opens(none, &place, sealed), TG_OPEN_NO_KEY);
    free(sealed);
    tg_keyring_destroy(none);
    tg_keyring_destroy(renamed);
    tg_keyring_destroy(another);
    tg_keyring_destroy(ring);
}

struct shape {
    char sealed[128];
    enum tg_opened opened;
};

ParameterizedTestParameters(seal, what_has_not_the_shape_opens_not)
{
    static struct shape shapes[] = {
        {"", TG_OPEN_WRONG},
        {"EAAtoken", TG_OPEN_WRONG},
        {"sealed", TG_OPEN_WRONG},
        {"sealed:", TG_OPEN_WRONG},
        {"sealed::", TG_OPEN_WRONG},
        {"sealed:k1", TG_OPEN_WRONG},
        {"sealed:k1:", TG_OPEN_WRONG},
        {"sealed:k1:QUJD", TG_OPEN_WRONG},
        {"sealed:k1:*", TG_OPEN_WRONG},
        {"Sealed:k1:" ONES, TG_OPEN_WRONG},
        {"sealed:k1:" ONES, TG_OPEN_WRONG},                           // no room for a tag
        {"sealed:k1:" ONES ONES, TG_OPEN_WRONG},                      // padding in the middle
        {"sealed:aaaaaaaaaabbbbbbbbbbccccccccccddd:", TG_OPEN_WRONG}, // no id is so long
        // 43 bytes, of which no last digit is right but U.
        {"sealed:k9:QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWZnaGlqa2xtbm9wcXJzdHV=",
         TG_OPEN_WRONG},
        {"sealed:k9:QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWZnaGlqa2xtbm9wcXJzdHU",
         TG_OPEN_WRONG},
        {"sealed:k9:QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWZnaGlqa2xtbm9wcXJzd===",
         TG_OPEN_WRONG},
        {"sealed:k9:QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWZnaGlqa2xtbm9wcXJzd=U=",
         TG_OPEN_WRONG},
        {"sealed:k9:QUJD REVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWZnaGlqa2xtbm9wcXJzdHU=",
         TG_OPEN_WRONG},
        {"sealed:k1:QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWZnaGlqa2xtbm9wcXJzdHU=",
         TG_OPEN_WRONG},
        {"sealed:k9:QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWZnaGlqa2xtbm9wcXJzdHU=",
         TG_OPEN_NO_KEY},
    };
    return cr_make_param_array(struct shape, shapes, sizeof shapes / sizeof *shapes);
}

ParameterizedTest(struct shape *shape, seal, what_has_not_the_shape_opens_not)
{
    struct tg_keyring *ring = given_ring("k1 " ONES "\n");
    cr_assert_eq(opens(ring, &place, shape->sealed), shape->opened, "%s", shape->sealed);
    tg_keyring_destroy(ring);
}

Test(seal, is_told_from_a_clear_secret_by_how_it_begins)
{
    cr_assert(tg_is_sealed(tg_span_of("sealed:k1:x")));
    cr_assert(tg_is_sealed(tg_span_of("sealed:")));
    cr_assert_not(tg_is_sealed(tg_span_of("sealed")));
    cr_assert_not(tg_is_sealed(tg_span_of("EAAsealed:k1:x")));
    cr_assert_not(tg_is_sealed((struct tg_span){NULL, 0}));
}

// What a secret leaves behind when its text is wiped: nothing. (The text's memory is ours here, so
// that it may be read afterwards.)
Test(seal, a_text_is_wiped_with_all_that_it_had)
{
    struct tg_text text = {0};
    tg_text_append_string(&text, "EAAtoken and more");
    tg_text_clear(&text);
    tg_text_append_string(&text, "x");
    tg_text_wipe(&text);
    cr_assert_null(text.data);
    cr_assert_eq(text.length + text.capacity, 0);
    tg_text_wipe(&text);
}

Test(keyring, seals_under_the_newest_key_and_opens_under_all)
{
    struct tg_error error = {0};
    char id[TG_KEY_ID_SIZE];
    struct tg_keyring *ring = given_ring("k1 " ONES "\n");
    char *old = sealed_by(ring, "EAAtoken");
    cr_assert(read_keys(ring, "# newest first\n\n  k2\t" TWOS " \r\nk1 " ONES, &error), "%s",
              error.message);
    cr_assert(tg_keyring_newest(ring, id));
    cr_assert_str_eq(id, "k2");
    cr_assert_eq(opens(ring, &place, old), TG_OPENED);
    char *new = sealed_by(ring, "EAAtoken");
    cr_assert_eq(strncmp(new, "sealed:k2:", 10), 0, "%s", new);
    cr_assert_eq(opens(ring, &place, new), TG_OPENED);
    free(old);
    free(new);
    tg_keyring_destroy(ring);
}

Test(keyring, without_a_key_nothing_is_sealed)
{
    TG_TEXT_AUTO sealed = {0};
    char id[TG_KEY_ID_SIZE] = "left";
    struct tg_keyring *ring = tg_keyring_create();
    cr_assert_not(tg_keyring_newest(ring, id));
    cr_assert_str_eq(id, "");
    cr_assert_not(tg_seal(ring, &place, tg_span_of("EAAtoken"), &sealed));
    cr_assert_eq(sealed.length, 0);
    tg_keyring_destroy(ring);
}

// While others go on with the keys that they hold.
Test(keyring, held_keys_stay_when_others_are_read)
{
    struct tg_error error;
    struct tg_keyring *ring = given_ring("k1 " ONES "\n");
    struct tg_keys *held = tg_keyring_hold(ring);
    cr_assert(read_keys(ring, "k2 " TWOS "\n", &error));
    cr_assert_str_eq(tg_keys_find(held, NULL)->id, "k1");
    cr_assert_eq(tg_keys_find(held, "k1")->bytes[31], 1);
    tg_keyring_let_go(ring, held);
    held = tg_keyring_hold(ring);
    cr_assert_null(tg_keys_find(held, "k1"));
    cr_assert_eq(tg_keys_find(held, "k2")->bytes[0], 2);
    tg_keyring_let_go(ring, held);
    tg_keyring_destroy(ring);
}

struct refused {
    char text[512];
    char message[64];
};

ParameterizedTestParameters(keyring, a_wrong_file_changes_nothing)
{
    static struct refused refused[] = {
        {"", "has no key"},
        {"# k1 " ONES "\n\n", "has no key"},
        {"k1\n", "line 1 must begin with an id and a blank"},
        {"k1:" ONES "\n", "line 1 must begin with an id and a blank"},
        {"\xc3\xa9 " ONES "\n", "line 1 must begin with an id and a blank"},
        {"aaaaaaaaaabbbbbbbbbbccccccccccddd " ONES, "line 1 must begin with an id and a blank"},
        {"k1 " ONES "\nk2 AQEB\n", "line 2 must end with 32 bytes in base64"},
        {"k1 AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB",
         "line 1 must end with 32 bytes in base64"},
        {"k1 AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE",
         "line 1 must end with 32 bytes in base64"},
        {"k1 " ONES ONES, "line 1 must end with 32 bytes in base64"},
        {"k1 " ONES " k2 " TWOS "\n", "line 1 must end with 32 bytes in base64"},
        {"\n# one\nk1 " ONES "\nk1 " TWOS "\n", "line 4 has the id of another line"},
        {"1 " ONES "\n2 " ONES "\n3 " ONES "\n4 " ONES "\n5 " ONES "\n6 " ONES "\n7 " ONES
         "\n8 " ONES "\n9 " ONES "\n",
         "line 9 has one key too many"},
    };
    return cr_make_param_array(struct refused, refused, sizeof refused / sizeof *refused);
}

ParameterizedTest(struct refused *refused, keyring, a_wrong_file_changes_nothing)
{
    struct tg_error error = {0};
    char id[TG_KEY_ID_SIZE];
    struct tg_keyring *ring = given_ring("kept " ONES "\n");
    cr_assert_not(read_keys(ring, refused->text, &error), "%s", refused->text);
    cr_assert_str_eq(error.message, refused->message);
    cr_assert(tg_keyring_newest(ring, id));
    cr_assert_str_eq(id, "kept");
    tg_keyring_destroy(ring);
}

Test(keyring, eight_keys_are_not_too_many)
{
    char id[TG_KEY_ID_SIZE];
    struct tg_keyring *ring =
        given_ring("aaaaaaaaaabbbbbbbbbbccccccccccdd " ONES "\n2 " ONES "\n3 " ONES "\n4 " ONES
                   "\n5 " ONES "\n6 " ONES "\n7 " ONES "\n8-_ " ONES "\n");
    cr_assert(tg_keyring_newest(ring, id));
    cr_assert_str_eq(id, "aaaaaaaaaabbbbbbbbbbccccccccccdd");
    tg_keyring_destroy(ring);
}

Test(keyring, a_file_that_others_may_read_is_refused)
{
    struct tg_error error = {0};
    struct tg_keyring *ring = tg_keyring_create();
    static const struct {
        mode_t mode;
        bool good;
    } modes[] = {{0400, true},  {0600, true},  {0440, true},  {0640, true},
                 {0644, false}, {0604, false}, {0602, false}, {0601, false}};
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        write_keys("k1 " ONES "\n", modes[i].mode);
        cr_assert_eq(tg_keyring_read(ring, path_of_keys(), &error), modes[i].good, "%o",
                     (unsigned)modes[i].mode);
        unlink(path_of_keys());
    }
    cr_assert_str_eq(error.message, "has rights for others: chmod o= takes them away");
    tg_keyring_destroy(ring);
}

Test(keyring, what_is_no_file_of_keys_is_refused)
{
    struct tg_error error = {0};
    static char text[TG_TOKEN_KEYS_BYTES + 2];
    struct tg_keyring *ring = tg_keyring_create();
    cr_assert_not(tg_keyring_read(ring, path_of_keys(), &error));
    cr_assert_str_eq(error.message, "No such file or directory");
    cr_assert_not(tg_keyring_read(ring, "/dev/null", &error));
    cr_assert_str_eq(error.message, "is no file");
    memset(text, '#', sizeof text - 1);
    cr_assert_not(read_keys(ring, text, &error));
    cr_assert_str_eq(error.message, "is too long");
    static char far_longer[100 * TG_TOKEN_KEYS_BYTES];
    memset(far_longer, '#', sizeof far_longer - 1);
    cr_assert_not(read_keys(ring, far_longer, &error));
    cr_assert_str_eq(error.message, "is too long");
    text[TG_TOKEN_KEYS_BYTES] = '\0';
    cr_assert_not(read_keys(ring, text, &error));
    cr_assert_str_eq(error.message, "has no key");
    tg_keyring_destroy(ring);
}
