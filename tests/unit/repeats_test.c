#include "ingress/accept/repeats.h"

#include "common/limits.h"

#include <criterion/criterion.h>
#include <string.h>

enum { ASKERS = 4 };

static struct request requests[ASKERS];
static struct repeat_asker askers[ASKERS];
static bool gone[ASKERS]; // whose client has left
static struct repeat_of of;
static const struct repeat_of first = {{{1}}, TG_STATUS_QUEUED};

static bool is_gone(const struct request *request)
{
    return gone[request - requests];
}

static struct repeats *given_repeats(void)
{
    return repeats_create(is_gone);
}

// The nth sends; what is sent is as good as its letter.
static enum repeat_kind enter_at(struct repeats *repeats, int n, char what, long long now_ms)
{
    askers[n] = (struct repeat_asker){.request = &requests[n], .org_id = {{7}}};
    memset(askers[n].hash, what, sizeof askers[n].hash);
    return repeats_enter(repeats, &askers[n], &of, now_ms);
}

static enum repeat_kind enter(struct repeats *repeats, int n, char what)
{
    return enter_at(repeats, n, what, 0);
}

// Who is told what the nth is: "0", "02", ...
static const char *leave(struct repeats *repeats, int n, enum repeat_kind kind)
{
    static char all[ASKERS + 1];
    size_t count = 0;
    const struct repeat_asker *asker =
        repeats_leave(repeats, &askers[n], kind, kind == REPEAT_NONE ? NULL : &first, 0);
    for (; asker; asker = asker->next)
        all[count++] = (char)('0' + (asker - askers));
    all[count] = '\0';
    return all;
}

Test(repeats, follow_one_in_hand_whose_client_is_gone)
{
    struct repeats *repeats = given_repeats();
    cr_assert_eq(enter(repeats, 0, 'a'), REPEAT_NONE);
    gone[0] = true;
    cr_assert(repeats_has_left(repeats, &askers[0]));
    cr_assert_eq(enter(repeats, 1, 'a'), REPEAT_JOINED);
    cr_assert_not(repeats_has_left(repeats, &askers[0]), "the second one waits");
    gone[1] = true;
    cr_assert(repeats_has_left(repeats, &askers[0]));
    cr_assert_eq(enter(repeats, 2, 'a'), REPEAT_JOINED);
    cr_assert_str_eq(leave(repeats, 0, REPEAT_TOLD), "021");
    // Somebody has read that: what comes now is another message.
    cr_assert_eq(enter(repeats, 3, 'a'), REPEAT_NONE);
    cr_assert_str_eq(leave(repeats, 3, REPEAT_TOLD), "3");
    repeats_free(repeats);
}

Test(repeats, are_none_of_one_whose_client_is_there)
{
    struct repeats *repeats = given_repeats();
    cr_assert_eq(enter(repeats, 0, 'a'), REPEAT_NONE);
    cr_assert_eq(enter(repeats, 1, 'a'), REPEAT_NONE);
    gone[1] = true;
    cr_assert_eq(enter(repeats, 2, 'a'), REPEAT_JOINED);
    cr_assert_str_eq(leave(repeats, 0, REPEAT_TOLD), "0");
    cr_assert_str_eq(leave(repeats, 1, REPEAT_TOLD), "12");
    repeats_free(repeats);
}

Test(repeats, are_of_the_same_alone)
{
    struct repeats *repeats = given_repeats();
    cr_assert_eq(enter(repeats, 0, 'a'), REPEAT_NONE);
    gone[0] = true;
    cr_assert_eq(enter(repeats, 1, 'b'), REPEAT_NONE);
    cr_assert_str_eq(leave(repeats, 0, REPEAT_TOLD), "0");
    cr_assert_str_eq(leave(repeats, 1, REPEAT_TOLD), "1");
    repeats_free(repeats);
}

// Two whose clients have both gone may come the later one first.
Test(repeats, follow_another_one_if_their_own_client_is_gone)
{
    struct repeats *repeats = given_repeats();
    cr_assert_eq(enter(repeats, 0, 'a'), REPEAT_NONE);
    gone[1] = true;
    cr_assert_eq(enter(repeats, 1, 'a'), REPEAT_JOINED);
    cr_assert_str_eq(leave(repeats, 0, REPEAT_TOLD), "01");
    repeats_free(repeats);
}

Test(repeats, are_told_of_one_that_was_accepted_and_whose_answer_nobody_has_read)
{
    struct repeats *repeats = given_repeats();
    cr_assert_eq(enter(repeats, 0, 'a'), REPEAT_NONE);
    gone[0] = true;
    cr_assert_str_eq(leave(repeats, 0, REPEAT_TOLD), "0");
    cr_assert_eq(enter(repeats, 1, 'b'), REPEAT_NONE);
    cr_assert_eq(enter(repeats, 2, 'a'), REPEAT_TOLD);
    cr_assert(tg_uuid_equal(of.message_id, first.message_id) && of.status == TG_STATUS_QUEUED);
    // Once: the next one is another message, or follows this one.
    cr_assert_eq(enter(repeats, 3, 'a'), REPEAT_NONE);
    cr_assert_str_eq(leave(repeats, 3, REPEAT_NONE), "3");
    gone[2] = true;
    cr_assert_str_eq(leave(repeats, 2, REPEAT_TOLD), "2");
    cr_assert_eq(enter(repeats, 3, 'a'), REPEAT_TOLD);
    cr_assert_str_eq(leave(repeats, 3, REPEAT_TOLD), "3");
    cr_assert_str_eq(leave(repeats, 1, REPEAT_TOLD), "1");
    repeats_free(repeats);
}

Test(repeats, of_what_was_refused_are_sends_of_their_own)
{
    struct repeats *repeats = given_repeats();
    cr_assert_eq(enter(repeats, 0, 'a'), REPEAT_NONE);
    gone[0] = true;
    cr_assert_str_eq(leave(repeats, 0, REPEAT_NONE), "0");
    cr_assert_eq(enter(repeats, 1, 'a'), REPEAT_NONE);
    cr_assert_str_eq(leave(repeats, 1, REPEAT_TOLD), "1");
    cr_assert_eq(enter(repeats, 2, 'a'), REPEAT_NONE);
    cr_assert_str_eq(leave(repeats, 2, REPEAT_TOLD), "2");
    repeats_free(repeats);
}

// Its client was told that nobody knows, and comes again.
Test(repeats, of_what_was_perhaps_accepted_are_the_same_message)
{
    struct repeats *repeats = given_repeats();
    cr_assert_eq(enter(repeats, 0, 'a'), REPEAT_NONE);
    cr_assert_str_eq(leave(repeats, 0, REPEAT_UNKNOWN), "0");
    cr_assert_eq(enter(repeats, 1, 'a'), REPEAT_UNKNOWN);
    cr_assert(tg_uuid_equal(of.message_id, first.message_id));
    cr_assert_str_eq(leave(repeats, 1, REPEAT_TOLD), "1");
    cr_assert_eq(enter(repeats, 2, 'a'), REPEAT_NONE);
    cr_assert_str_eq(leave(repeats, 2, REPEAT_TOLD), "2");
    repeats_free(repeats);
}

Test(repeats, are_remembered_for_so_long_and_no_longer)
{
    struct repeats *repeats = given_repeats();
    for (int late = 0; late < 2; late++) {
        gone[0] = true;
        cr_assert_eq(enter(repeats, 0, 'a'), REPEAT_NONE);
        cr_assert_str_eq(leave(repeats, 0, REPEAT_TOLD), "0");
        enum repeat_kind kind = enter_at(repeats, 1, 'a', TG_REPEAT_REMEMBERED_MS - 1 + late);
        cr_assert_eq(kind, late ? REPEAT_NONE : REPEAT_TOLD);
        cr_assert_str_eq(leave(repeats, 1, REPEAT_TOLD), "1");
    }
    repeats_free(repeats);
}

// So many of one org as leave as many for others; `told` of them are known still.
static int count_told(struct repeats *repeats, int sends, struct tg_uuid org_id, char salt)
{
    int told = 0;
    for (int twice = 0; twice < 2; twice++) {
        for (int i = 0; i < sends; i++) {
            askers[0] = (struct repeat_asker){.request = &requests[0], .org_id = org_id};
            memset(askers[0].hash, salt, sizeof askers[0].hash);
            memcpy(askers[0].hash, &i, sizeof i);
            told += repeats_enter(repeats, &askers[0], &of, 0) == REPEAT_TOLD;
            (void)leave(repeats, 0, twice ? REPEAT_NONE : REPEAT_TOLD);
        }
    }
    return told;
}

Test(repeats, of_an_org_are_remembered_up_to_its_share)
{
    struct repeats *repeats = given_repeats();
    gone[0] = true;
    cr_assert_eq(count_told(repeats, TG_REPEATS_REMEMBERED, (struct tg_uuid){{1}}, 'a'),
                 TG_REPEATS_REMEMBERED / 2);
    cr_assert_eq(count_told(repeats, 10, (struct tg_uuid){{2}}, 'b'), 10);
    repeats_free(repeats);
}
