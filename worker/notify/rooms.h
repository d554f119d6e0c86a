// How many requests each endpoint may have under way at once from this worker, so that one that is
// slow or dead holds up nobody: few at first; more with each answer that comes quickly; fewer where
// answers are slow; and half as many with each failure, down to one, by which it is found out
// whether it lives again. All functions but create and destroy are thread-safe.
#pragma once

#include "common/limits.h"
#include "common/store/deliveries.h"

struct rooms;

// `places`: of all endpoints together, until what came of it is recorded.
struct rooms *rooms_create(size_t places);
void rooms_destroy(struct rooms *rooms); // NULL is fine

// What an endpoint has of which nothing is known.
int64_t rooms_of_unknown(void);

// Places that are free.
size_t rooms_free(struct rooms *rooms);

// How much room is left to the endpoints of which something is known: list[0..n), n is returned.
size_t rooms_list(struct rooms *rooms,
                  struct tg_endpoint_room list[static TG_NOTIFY_ENDPOINTS_MAX]);

// A request of the endpoint's is going to be under way, and has so many places.
void rooms_take(struct rooms *rooms, struct tg_uuid endpoint_id, size_t places);

// It has ended after so long; its places are taken for as long as rooms_leave is not called.
void rooms_end(struct rooms *rooms, struct tg_uuid endpoint_id, bool came, double seconds);
void rooms_leave(struct rooms *rooms, size_t places);
