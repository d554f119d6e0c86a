#include "tests/faults/hand.h"

void hand_init(struct hand *hand, struct rig *rig, unsigned number)
{
    *hand = (struct hand){.rig = rig, .draw = draw_of(rig->seed + number)};
}

void hand_start(struct hand *hand, void *(*run)(void *owner), void *owner)
{
    cr_assert(pthread_create(&hand->thread, NULL, run, owner) == 0);
}

void hand_stop(struct hand *hand)
{
    atomic_store(&hand->closing, true);
    pthread_join(hand->thread, NULL);
    hand_hangs_up(hand);
}

bool hand_is_closing(struct hand *hand)
{
    return atomic_load(&hand->closing);
}

PGresult *hand_asks(struct hand *hand, const char *sql)
{
    if (!hand->connection)
        hand->connection = PQconnectdb(
            text_of("postgresql://postgres@127.0.0.1:%d/%s?connect_timeout=5&sslmode=disable"
                    "&gssencmode=disable&options=-cclient_min_messages%%3Dwarning",
                    proxy_port(hand->rig->to_postgres), hand->rig->gateway->database->name));
    return PQexec(hand->connection, sql);
}

void hand_hangs_up(struct hand *hand)
{
    PQfinish(hand->connection);
    hand->connection = NULL;
}
