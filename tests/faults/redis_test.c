// Redis: away, without its data, full, slow, cut off.
#include "tests/faults/fault.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

TestSuite(redis, .timeout = 300);

enum { OUTAGE_MS = 2500, STOP_S = 20, HANG_MS = 4000 };

static void expect_ok(struct rig *rig, const char *const *words)
{
    const char *answer = redis_run(rig->gateway->redis, words);
    cr_assert_str_eq(answer, "OK\n", "%s: %s", words[0], answer);
}

FAULT(redis, restarted)
{
    process_signal(rig->gateway->redis->process, SIGTERM);
    (void)process_wait(rig->gateway->redis->process, STOP_S);
    fault_lasts(OUTAGE_MS);
    redis_start(rig->gateway->redis);
}

FAULT(redis, killed)
{
    redis_kill(rig->gateway->redis);
    fault_lasts(OUTAGE_MS);
    redis_start(rig->gateway->redis);
}

FAULT(redis, wiped, .loses_webhooks = true, .tells = true)
{
    expect_ok(rig, WORDS("FLUSHALL"));
}

FAULT(redis, without_its_groups)
{
    for (int i = 0; i < 4; i++) {
        (void)redis_command(rig->gateway->redis, "XGROUP", "DESTROY",
                            text_of("tollgate:{%02d}:sends", i), "workers");
        (void)redis_command(rig->gateway->redis, "XGROUP", "DESTROY",
                            text_of("tollgate:{%02d}:webhooks", i), "workers");
    }
}

// While the first job's message is on its way. A second one is harmless: the claim decides.
FAULT(redis, giving_jobs_twice)
{
    static const char again[] =
        "local n = 0 for i = 0, 3 do local key = 'tollgate:{0' .. i .. '}:sends' "
        "for _, entry in ipairs(redis.call('XRANGE', key, '-', '+')) do "
        "redis.call('XADD', key, '*', unpack(entry[2])) n = n + 1 end end return n";
    simulator_set(rig->gateway->simulator, "{\"latency_ms\": 1000}");
    long twice = 0;
    eventually((twice += strtol(redis_command(rig->gateway->redis, "EVAL", again, "0"), NULL, 10)) >
               20);
    simulator_set(rig->gateway->simulator, "{\"latency_ms\": 0}");
}

FAULT(redis, out_of_memory)
{
    expect_ok(rig, WORDS("CONFIG", "SET", "maxmemory", "1"));
    fault_lasts(OUTAGE_MS);
    expect_ok(rig, WORDS("CONFIG", "SET", "maxmemory", "0"));
}

// Of a master that is not there, so that its own data stays.
FAULT(redis, read_only)
{
    expect_ok(rig, WORDS("REPLICAOF", "127.0.0.1", "1"));
    fault_lasts(OUTAGE_MS);
    expect_ok(rig, WORDS("REPLICAOF", "NO", "ONE"));
}

FAULT(redis, slow)
{
    proxy_delay(rig->to_redis, 150);
    fault_lasts(OUTAGE_MS);
    proxy_delay(rig->to_redis, 0);
}

FAULT(redis, silent)
{
    proxy_set(rig->to_redis, PROXY_HANG);
    fault_lasts(HANG_MS);
    proxy_set(rig->to_redis, PROXY_PASS);
}

FAULT(redis, cut_in_a_pipeline)
{
    static const char *const commands[] = {"XADD", "XACK", "XDEL"};
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        proxy_cut_in_the_middle(rig->to_redis, commands[i], 3);
        eventually(proxy_cuts_left(rig->to_redis) == 0);
    }
}

FAULT(redis, answers_lost)
{
    static const char *const commands[] = {"XADD", "XACK", "XREADGROUP"};
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        proxy_lose_answers(rig->to_redis, commands[i], 3);
        eventually(proxy_cuts_left(rig->to_redis) == 0);
    }
}

// Redis ends itself when it cannot write its file; with room again it comes back.
FAULT(redis, disk_full, .takes_redis_disk = true)
{
    static const char zeros[4096];
    const char *filler = text_of("%s/filler", rig->redis_disk);
    int fd = open(filler, O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
    cr_assert(fd >= 0, "%s", strerrordesc_np(errno));
    while (write(fd, zeros, sizeof zeros) > 0)
        ;
    close(fd);
    fault_lasts(OUTAGE_MS);
    cr_assert(unlink(filler) == 0);
    if (!process_running(rig->gateway->redis->process))
        redis_start(rig->gateway->redis);
}
