#include "common/base/shared_text.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

Test(shared_text, who_holds_a_version_keeps_it)
{
    struct tg_shared_text *shared = tg_shared_text_create("one");
    const char *one = tg_shared_text_hold(shared);
    tg_shared_text_set(shared, "two");
    const char *two = tg_shared_text_hold(shared);
    const char *again = tg_shared_text_hold(shared);
    tg_shared_text_set(shared, "");
    cr_assert_str_eq(one, "one");
    cr_assert_str_eq(two, "two");
    cr_assert_eq(two, again);
    tg_shared_text_let_go(shared, one);
    tg_shared_text_let_go(shared, two);
    cr_assert_str_eq(again, "two");
    tg_shared_text_let_go(shared, again);
    const char *none = tg_shared_text_hold(shared);
    cr_assert_str_eq(none, "");
    tg_shared_text_let_go(shared, none);
    tg_shared_text_destroy(shared);
    tg_shared_text_destroy(NULL);
}

static struct tg_shared_text *exchanged;
static atomic_bool done;

// Each version is one letter, again and again.
static void *read_on(void *wrong)
{
    while (!atomic_load(&done)) {
        const char *text = tg_shared_text_hold(exchanged);
        if (strlen(text) != 64 || strspn(text, (char[]){*text, '\0'}) != 64)
            atomic_store((atomic_bool *)wrong, true);
        tg_shared_text_let_go(exchanged, text);
    }
    return NULL;
}

Test(shared_text, is_whole_while_it_is_exchanged)
{
    enum { READERS = 4, EXCHANGES = 20000 };
    pthread_t readers[READERS];
    atomic_bool wrong = false;
    char text[65] = "";
    memset(text, 'a', 64);
    exchanged = tg_shared_text_create(text);
    for (int i = 0; i < READERS; i++)
        cr_assert_eq(pthread_create(&readers[i], NULL, read_on, &wrong), 0);
    for (int i = 0; i < EXCHANGES; i++) {
        memset(text, 'a' + i % 26, 64);
        tg_shared_text_set(exchanged, text);
    }
    atomic_store(&done, true);
    for (int i = 0; i < READERS; i++)
        pthread_join(readers[i], NULL);
    cr_assert_not(atomic_load(&wrong));
    tg_shared_text_destroy(exchanged);
}
