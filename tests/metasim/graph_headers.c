#include "tests/metasim/graph_headers.h"

#include <inttypes.h>
#include <stdio.h>

enum { USAGE_SIZE = 192 };

void graph_write_id(const struct graph_note *note, char id[static GRAPH_ID_SIZE])
{
    snprintf(id, GRAPH_ID_SIZE, "A%022" PRIX64, note->number);
}

// The account is the one that all of the simulator's webhooks are of.
static void write_usage(const struct graph_note *note, char app[static USAGE_SIZE],
                        char account[static USAGE_SIZE])
{
    snprintf(app, USAGE_SIZE, "{\"call_count\":%" PRId64 ",\"total_cputime\":0,\"total_time\":0}",
             note->usage_percent);
    snprintf(account, USAGE_SIZE,
             "{\"1001\":[{\"type\":\"whatsapp\",\"call_count\":%" PRId64
             ",\"total_cputime\":0,\"total_time\":0,\"estimated_time_to_regain_access\":0}]}",
             note->usage_percent);
}

void graph_headers(const struct answer *answer,
                   void (*add)(void *context, const char *name, const char *value), void *context)
{
    const struct graph_note *note = &answer->graph;
    char id[GRAPH_ID_SIZE];
    char trace[24];
    char debug[96];
    char app[USAGE_SIZE];
    char account[USAGE_SIZE];
    graph_write_id(note, id);
    snprintf(trace, sizeof trace, "E%010" PRIX64, note->number);
    snprintf(debug, sizeof debug, "%086" PRIX64 "==", note->number);
    write_usage(note, app, account);
    if (*note->version)
        add(context, "facebook-api-version", note->version);
    add(context, "x-fb-request-id", id);
    add(context, "x-fb-trace-id", trace);
    add(context, "x-fb-rev", "1019544279");
    add(context, "x-fb-debug", debug);
    add(context, "x-app-usage", app);
    add(context, "x-business-use-case-usage", account);
    if (answer->http_status == 401)
        add(context, "www-authenticate",
            "OAuth \"Facebook Platform\" \"invalid_token\" \"Invalid OAuth access token.\"");
}
