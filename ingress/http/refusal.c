// What the library refuses by itself, before we see a request (a malformed length, headers that are
// too long), it answers with a page of HTML, some with two heads in front of it, and no setting
// changes that. It queues these pages with MHD_queue_response, by its public name: so there is one
// of that name here, which the dynamic linker finds first, for all of the daemon. It hands on all
// that has headers; for a page it sends a refusal as all others are, and says that it is not
// queued, whereupon the library closes the connection, as it would have. Should a version of the
// library find its own function nevertheless, its pages leave as they are.
#include "common/base/text.h"
#include "common/service/metrics.h"
#include "common/tls/tls.h"

#include <dlfcn.h>
#include <microhttpd.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

static const struct {
    unsigned status;
    const char *json;
} refusals[] = {
    {MHD_HTTP_BAD_REQUEST, "{\"error\":\"The request is not written as HTTP wants it\","
                           "\"code\":\"invalid_request\"}\n"},
    {413, "{\"error\":\"No body may be as long as this\",\"code\":\"body_too_large\"}\n"},
    {414, "{\"error\":\"The request's first line is too long\",\"code\":\"head_too_large\"}\n"},
    {431, "{\"error\":\"The request's headers are too long\",\"code\":\"head_too_large\"}\n"},
    {505, "{\"error\":\"The version of HTTP must be 1.1 or 1.0\",\"code\":\"invalid_request\"}\n"},
};

static const char *json_of(unsigned status)
{
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        if (refusals[i].status == status)
            return refusals[i].json;
    }
    return "{\"error\":\"The request could not be read\",\"code\":\"internal_error\"}\n";
}

typedef enum MHD_Result queue_response(struct MHD_Connection *connection, unsigned status,
                                       struct MHD_Response *response);
static queue_response *queue;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void find_queue(void)
{
    void *symbol = dlsym(RTLD_NEXT, "MHD_queue_response");
    if (!symbol)
        abort();
    memcpy(&queue, &symbol, sizeof queue);
}

// Our own refusals have headers.
static bool is_page_of_library(unsigned status, struct MHD_Response *response)
{
    return status >= 400 && MHD_get_response_headers(response, NULL, NULL) == 0;
}

// Nothing else is on its way to the client, so that there is room for this at once.
static void send_refusal(struct MHD_Connection *connection, unsigned status)
{
    const union MHD_ConnectionInfo *client =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    const union MHD_ConnectionInfo *tls =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);
    char date[sizeof "Thu, 01 Jan 1970 00:00:00 GMT"];
    const time_t now = time(NULL);
    struct tm utc;
    strftime(date, sizeof date, "%a, %d %b %Y %T GMT", gmtime_r(&now, &utc));
    TG_TEXT_AUTO answer = {0};
    tg_text_append_format(&answer,
                          "HTTP/1.1 %u %s\r\nDate: %s\r\nConnection: close\r\n"
                          "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
                          status, MHD_get_reason_phrase_for(status), date, strlen(json_of(status)),
                          json_of(status));
    if (tls)
        tg_tls_send(tls->tls_session, answer.data, answer.length);
    else
        (void)send(client->connect_fd, answer.data, answer.length, MSG_NOSIGNAL | MSG_DONTWAIT);
    char text[12];
    snprintf(text, sizeof text, "%u", status);
    tg_count(TG_HTTP_REQUESTS, text, 1);
}

enum MHD_Result MHD_queue_response(struct MHD_Connection *connection, unsigned status,
                                   struct MHD_Response *response)
{
    pthread_once(&once, find_queue);
    if (!is_page_of_library(status, response))
        return queue(connection, status, response);
    send_refusal(connection, status);
    return MHD_NO;
}
