// Who is unknown and wants to be a burden: meanwhile the others go on.
#include "tests/faults/fault.h"
#include "tests/system/raw.h"
#include "tests/system/webhook.h"

#include <unistd.h>

TestSuite(enemies, .timeout = 300);

enum {
    HALF_BODIES = 60,
    BODY = 1024 * 1024,
    HALF = 64 * 1024,
    IDLE = 600,
    GUESSES = 200,
    OTHERS_SEND = 60,
};

static int connections[RIG_INGRESSES * IDLE];

static void close_all(size_t n)
{
    for (size_t i = 0; i < n; i++)
        close(connections[i]);
}

FAULT(enemies, sending_half_bodies)
{
    const char *half = text_of("%*s", HALF, "");
    const char *head = text_of("POST /webhook HTTP/1.1\r\nHost: x\r\n%s\r\nContent-Length: %d\r\n",
                               signature_header("x", "", 0), BODY);
    for (size_t i = 0; i < HALF_BODIES; i++) {
        connections[i] = raw_connect(rig->ingresses[i % RIG_INGRESSES].daemon.url);
        (void)raw_printf(connections[i], "%s\r\n", head);
        (void)raw_write_some(connections[i], half, HALF);
    }
    workload_run_on(rig->workload, OTHERS_SEND);
    close_all(HALF_BODIES);
}

FAULT(enemies, with_idle_connections)
{
    raw_raise_file_limit();
    for (size_t i = 0; i < (size_t)RIG_INGRESSES * IDLE; i++)
        connections[i] = raw_connect(rig->ingresses[i % RIG_INGRESSES].daemon.url);
    workload_run_on(rig->workload, OTHERS_SEND);
    close_all((size_t)RIG_INGRESSES * IDLE);
}

FAULT(enemies, guessing_keys)
{
    static struct http_request requests[GUESSES];
    static struct answer answers[GUESSES];
    for (int i = 0; i < GUESSES; i++)
        requests[i] = (struct http_request){.path = "/api/wallet", .key = text_of("tg_%d", i)};
    for (int i = 0; i < RIG_INGRESSES; i++) {
        http_ask_all(rig->ingresses[i].daemon.url, requests, GUESSES, answers, NULL, NULL);
        for (int k = 0; k < GUESSES; k++)
            cr_assert(answers[k].status != 200);
    }
    workload_run_on(rig->workload, OTHERS_SEND);
}
