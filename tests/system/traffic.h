// What is asked of an ingress and answered, written down for tests/client/judge, which holds it
// against the description that the ingress gives of itself. Only where TOLLGATE_TEST_TRAFFIC names
// a directory; a file of JSON lines for each test.
#pragma once

#include "tests/system/http.h"

// An ingress is at these addresses, such as "http://127.0.0.1:1234", from now on: what is asked of
// anybody else is nothing to judge.
void traffic_of(const char *url, const char *admin_url);

// Asked at `url`, and answered so; an answer with status 0 is none.
void traffic_note(const char *url, const struct http_request *request, const struct answer *answer);
