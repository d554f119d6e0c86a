// What every daemon does around its work: signals, readiness to the service manager, named threads.
#pragma once

#include <pthread.h>
#include <stddef.h>

// How a daemon has its memory: what is as large has pages of its own, which go back when it is
// freed, and of the rest no more is kept free.
struct tg_service_memory {
    int large_bytes;
    int kept_bytes;
};

// Blocks the signals below in this and all later threads, ignores SIGPIPE, raises the limit of open
// files as far as it may be, has what is freed given back to the machine, and keeps what is in
// memory out of cores and from others of the same user. Call first in main.
void tg_service_start(struct tg_service_memory memory);

// How many files may be open of those that the daemon wants; logs "file_limit_low" if it is fewer.
size_t tg_service_files(size_t wanted);

// Tells the service manager (sd_notify, if $NOTIFY_SOCKET is set) that the daemon is ready, logs
// "service_started", and gives back what memory only the start has taken.
void tg_service_ready(void);

// Waits for SIGTERM or SIGINT, logs it and tells the service manager that the daemon is stopping.
// From then on a second one ends the process at once with status 1. On each SIGHUP until then it
// calls `on_hangup`, and tells the service manager of it; later ones do nothing.
typedef void tg_service_reread(void *context);
void tg_service_wait_for_stop(tg_service_reread *on_hangup, void *context);

// Starts a thread with a name of at most 15 characters (pthread_setname_np). A thread that cannot
// be started ends the process: there is no daemon without it.
pthread_t tg_service_thread(const char *name, void *(*run)(void *), void *argument);

// The calling thread leaves the processor to the others when they want it (setpriority).
void tg_service_yield(void);
