// Ingress's server and router in the test's own process, with endpoints of its own:
//
//     GET /server, GET /database   on which thread the handler runs, and who calls
//     GET, POST /meta              the same for Meta: on the server, in the pool
//     GET /forbidden               wants a right that no key has
//     GET /values/{first}/and/{second}?q=   what is kept of a request, and many headers
//     POST /json /form /raw /file  what came of a body
//     POST [/{version}]/{phone_number_id}/things   in Meta's manner: what came, and who calls; of
//                                                  the number 404 that it is not there
//     GET [/{version}]/{media_id}  likewise; wants a right that no key has
#pragma once

#include "tests/system/testbed.h"

#include <stddef.h>

enum { DOOR_FORM_MAX = 1000, DOOR_FILE_MAX = 6 * 1024 * 1024, DOOR_ANSWER_HEADERS = 40 };

struct door;

// Listens on a port of 127.0.0.1.
struct door *door_open(const char *postgres_url, int port);
void door_close(struct door *door);

// How many requests the router has seen the headers of.
size_t door_begun(struct door *door);

// The pool and those that look keys up take nothing any more.
void door_close_pool(struct door *door);
