#include "ingress/accept/job_writer.h"

#include "common/base/clock.h"
#include "common/limits.h"
#include "common/service/metrics.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { DEADLINE_MS = 10000 };

static long metric(const char *name)
{
    TG_TEXT_AUTO text = {0};
    char line[64];
    snprintf(line, sizeof line, "\n%s ", name);
    tg_metrics_render(&text);
    const char *found = strstr(tg_text_string(&text), line);
    return found ? strtol(found + strlen(line), NULL, 10) : 0;
}

// A Redis that takes connections and never says anything.
static int given_silent_redis(char url[static 64])
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert(listener >= 0 && bind(listener, (const struct sockaddr *)&address, size) == 0 &&
              listen(listener, 16) == 0 &&
              getsockname(listener, (struct sockaddr *)&address, &size) == 0);
    snprintf(url, 64, "redis://127.0.0.1:%d/0", ntohs(address.sin_port));
    return listener;
}

static void submit(struct job_writer *writer, size_t n)
{
    struct job_batch *batch = job_batch_create(n);
    batch->n = n;
    memset(batch->job, 0, n * sizeof batch->job[0]);
    job_writer_submit(writer, batch);
}

// One is in the thread's hands, which waits for Redis. Whatever finds no room behind it is left to
// the janitor, whose it is anyway.
Test(job_writer, holds_so_many_jobs_while_redis_hangs)
{
    char url[64];
    int redis = given_silent_redis(url);
    tg_metrics_start("ingress");
    struct job_writer *writer = job_writer_start(url, 1);
    submit(writer, 1);
    long long deadline_ms = tg_now_ms() + DEADLINE_MS;
    while (metric("tollgate_job_queue_jobs") > 0 && tg_now_ms() < deadline_ms)
        tg_sleep_ms(1);
    for (size_t n = 0; n < TG_JOB_QUEUE_MAX; n += TG_BATCH_MAX)
        submit(writer, TG_BATCH_MAX);
    cr_assert_eq(metric("tollgate_job_queue_jobs"), TG_JOB_QUEUE_MAX);
    cr_assert_eq(metric("tollgate_jobs_unpublished_total"), 0);
    submit(writer, 1);
    cr_assert_eq(metric("tollgate_jobs_unpublished_total"), 1);
    for (int i = 0; i < 1000; i++)
        submit(writer, TG_BATCH_MAX);
    cr_assert_eq(metric("tollgate_job_queue_jobs"), TG_JOB_QUEUE_MAX);
    cr_assert_eq(metric("tollgate_jobs_unpublished_total"), 1 + 1000 * TG_BATCH_MAX);
    close(redis);
    job_writer_stop(writer);
    cr_assert_eq(metric("tollgate_jobs_unpublished_total"),
                 2 + TG_JOB_QUEUE_MAX + 1000 * TG_BATCH_MAX);
    job_writer_free(writer);
}
