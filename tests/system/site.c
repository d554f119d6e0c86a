#include "tests/system/site.h"

#include "common/service/listen.h"
#include "ingress/http/answer.h"
#include "ingress/http/server.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

struct site {
    struct server *server;
};

static const struct {
    const char *path;
    const char *type;
} files[] = {
    {"/shop.html", "text/html; charset=utf-8"},
    {"/shop.js", "text/javascript"},
    {"/stranger.html", "text/html; charset=utf-8"},
    {"/stranger.js", "text/javascript"},
};

static void begin(struct request *request, void *context)
{
    (void)context;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        if (strcmp(request->path, files[i].path) != 0)
            continue;
        const char *text =
            file_text(text_of(TOLLGATE_SOURCE_DIR "/tests/data/browser%s", request->path), NULL);
        cr_assert(text, "%s", request->path);
        struct answer answer = {.status = 200, .content_type = files[i].type};
        tg_text_append_string(&answer.body, text);
        request_answer(request, &answer);
        return;
    }
    answer_refusal(request, "not_found", NULL, "There is no such file");
}

struct site *site_open(int port)
{
    static const struct server_handler handler = {.begin = begin};
    struct tg_error error;
    struct site *site = calloc(1, sizeof *site);
    cr_assert(site);
    const struct server_place place = {
        .address = {.v4 = {AF_INET, htons((uint16_t)port), {htonl(INADDR_LOOPBACK)}, {0}}},
        .listener = TG_LISTEN_NONE};
    site->server = server_start(&place, 1, &handler, &error);
    cr_assert(site->server, "%s", error.message);
    return site;
}

void site_close(struct site *site)
{
    server_stop(site->server);
    server_free(site->server);
    free(site);
}
