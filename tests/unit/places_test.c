#include "worker/send/places.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <time.h>

Test(places, are_taken_up_to_the_maximum_and_given_back)
{
    struct places *places = places_create(5);
    cr_assert_eq(places_take(places, 3, 0), 3);
    cr_assert_eq(places_take(places, 3, 0), 2);
    cr_assert_eq(places_take(places, 3, 0), 0);
    places_give_back(places, 5);
    cr_assert_eq(places_take(places, 9, 0), 5);
    places_give_back(places, 5);
    places_destroy(places);
}

static void *give_back_later(void *places)
{
    nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
    places_give_back(places, 1);
    return NULL;
}

Test(places, are_waited_for)
{
    struct places *places = places_create(1);
    cr_assert_eq(places_take(places, 1, 0), 1);
    pthread_t thread;
    cr_assert_eq(pthread_create(&thread, NULL, give_back_later, places), 0);
    cr_assert_eq(places_take(places, 1, 10000), 1);
    pthread_join(thread, NULL);
    places_give_back(places, 1);
    places_destroy(places);
}

// Those that are taken stay so; of those that come free none is taken until they are few enough.
Test(places, may_be_fewer_or_more_from_now_on)
{
    struct places *places = places_create(8);
    places_set_limit(places, 4);
    cr_assert_eq(places_take(places, 8, 0), 4);
    places_set_limit(places, 2);
    places_give_back(places, 2);
    cr_assert_eq(places_take(places, 8, 0), 0);
    places_give_back(places, 1);
    cr_assert_eq(places_take(places, 8, 0), 1);
    places_set_limit(places, 8);
    cr_assert_eq(places_take(places, 8, 0), 6);
    places_give_back(places, 8);
    places_destroy(places);
}

// A few that are free are taken although more would be worth more: nothing waits for long.
Test(places, that_are_few_are_taken_after_a_moment)
{
    struct places *places = places_create(256);
    cr_assert_eq(places_take(places, 250, 0), 250);
    cr_assert_eq(places_take(places, 256, 0), 6);
    places_give_back(places, 256);
    places_destroy(places);
}

enum { ROUNDS = 2000 };

static void *take_and_give_back(void *places)
{
    for (int i = 0; i < ROUNDS; i++) {
        size_t n = places_take(places, 2, 10000);
        cr_assert(n >= 1 && n <= 2);
        places_give_back(places, n);
    }
    return NULL;
}

Test(places, are_never_more_than_there_are)
{
    struct places *places = places_create(3);
    pthread_t threads[4];
    for (int i = 0; i < 4; i++)
        cr_assert_eq(pthread_create(&threads[i], NULL, take_and_give_back, places), 0);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    cr_assert_eq(places_take(places, 9, 0), 3);
    places_give_back(places, 3);
    places_destroy(places);
}
