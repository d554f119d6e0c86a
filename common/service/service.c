#include "common/service/service.h"

#include "common/base/clock.h"
#include "common/limits.h"
#include "common/service/log.h"

#include <assert.h>
#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

static sigset_t signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    return set;
}

// Each connection has a file; the usual soft limit of 1,024 is for programs that select().
static void raise_file_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max)
        return;
    rlim_t before = limit.rlim_cur;
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
        tg_log(TG_LOG_WARN, "file_limit_kept", TG_LOG_NUMBER("files", before));
}

size_t tg_service_files(size_t wanted)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted)
        return wanted;
    tg_log(TG_LOG_WARN, "file_limit_low", TG_LOG_NUMBER("files", limit.rlim_cur),
           TG_LOG_NUMBER("wanted", wanted));
    return limit.rlim_cur;
}

// What is freed goes back to the machine: glibc would raise these bounds by itself after the first
// large body, and keep what a burst of them took. What is large has pages of its own: within an
// arena, one small thing behind it would keep it there.
static void give_memory_back(struct tg_service_memory memory)
{
    // NOLINTBEGIN(concurrency-mt-unsafe): no other thread runs yet
    mallopt(M_MMAP_THRESHOLD, memory.large_bytes);
    mallopt(M_TRIM_THRESHOLD, memory.kept_bytes);
    // NOLINTEND(concurrency-mt-unsafe)
}

// What is in memory is secrets, and others' messages: it goes into no core, whatever the limits and
// core_pattern say, and none who runs as the same user reads it (prctl(2), ptrace(2)).
static void keep_memory_private(void)
{
    const struct rlimit none = {0, 0};
    if (setrlimit(RLIMIT_CORE, &none) != 0 || prctl(PR_SET_DUMPABLE, 0) != 0)
        tg_log(TG_LOG_WARN, "memory_not_private", TG_LOG_TEXT("reason", strerrordesc_np(errno)));
}

void tg_service_start(struct tg_service_memory memory)
{
    keep_memory_private();
    raise_file_limit();
    give_memory_back(memory);
    sigset_t set = signals();
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    // A peer that has gone is an error of that write, not the end of the daemon.
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigaction(SIGPIPE, &ignore, NULL);
}

void tg_service_ready(void)
{
    malloc_trim(0); // what only the start took
    sd_notify(0, "READY=1");
    tg_log(TG_LOG_INFO, "service_started", TG_LOG_NUMBER("pid", getpid()));
}

static void reread(tg_service_reread *on_hangup, void *context)
{
    sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%lld", tg_now_ms() * 1000);
    on_hangup(context);
    sd_notify(0, "READY=1");
}

// Meanwhile what the log was spared is told in time. On SIGHUP there is nothing to do unless
// `on_hangup` says so.
static int wait_for_stop_signal(tg_service_reread *on_hangup, void *context)
{
    static const struct timespec look = {.tv_sec = TG_LOG_LOOK_S};
    sigset_t set = signals();
    int number;
    while ((number = sigtimedwait(&set, NULL, &look)) < 0 || number == SIGHUP) {
        if (number == SIGHUP && on_hangup)
            reread(on_hangup, context);
        tg_log_catch_up(false);
    }
    return number;
}

static void *end_at_second_signal(void *unused)
{
    (void)unused;
    int number = wait_for_stop_signal(NULL, NULL);
    tg_log(TG_LOG_WARN, "stop_forced", TG_LOG_TEXT("signal", sigabbrev_np(number)));
    _exit(1);
}

void tg_service_wait_for_stop(tg_service_reread *on_hangup, void *context)
{
    int number = wait_for_stop_signal(on_hangup, context);
    tg_log(TG_LOG_INFO, "stop_requested", TG_LOG_TEXT("signal", sigabbrev_np(number)));
    sd_notify(0, "STOPPING=1");
    pthread_detach(tg_service_thread("second-signal", end_at_second_signal, NULL));
}

pthread_t tg_service_thread(const char *name, void *(*run)(void *), void *argument)
{
    assert(strlen(name) <= 15);
    pthread_t thread;
    int failure = pthread_create(&thread, NULL, run, argument);
    if (failure != 0) {
        tg_log(TG_LOG_ERROR, "thread_failed", TG_LOG_TEXT("thread", name),
               TG_LOG_TEXT("reason", strerrordesc_np(failure)));
        _exit(1);
    }
    pthread_setname_np(thread, name);
    return thread;
}

void tg_service_yield(void)
{
    enum { NICE = 19 };
    (void)setpriority(PRIO_PROCESS, (id_t)gettid(), NICE); // a thread's own, in Linux
}
