// Private to client.c and its tests.
#pragma once

#include "common/http/client.h"

#include <curl/curl.h>

// What libcurl's result says of a request of which something, or nothing yet, has left.
enum tg_http_end tg_http_end_of(CURLcode code, bool sent);
