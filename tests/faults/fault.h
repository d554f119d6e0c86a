// A fault: what is done to a gateway under load, and undone. Each is a test of its own, on a
// gateway of its own, and one of those that the long run draws from.
#pragma once

#include "tests/faults/checker.h"

struct fault {
    const char *name; // "redis.killed"
    // Returns when everything is back in its place; what is down then gets up by itself.
    void (*inject)(struct rig *rig);
    bool takes_postgres;   // needs a cluster of its own
    bool takes_redis_disk; // and a disk for Redis
    bool loses_webhooks;   // acknowledged ones may be gone with Redis's data
    bool tells;            // also alone: what orgs are told costs a test three times as much
    struct fault *next;    // of all faults
};

// FAULT(redis, killed) { ... }: what it does to `rig`. Also members of struct fault.
#define FAULT(kind, what, ...)                                                                     \
    static void inject_##kind##_##what(struct rig *rig);                                           \
    static struct fault fault_##kind##_##what = {                                                  \
        .name = #kind "." #what, .inject = inject_##kind##_##what, __VA_ARGS__};                   \
    __attribute__((constructor)) static void list_##kind##_##what(void)                            \
    {                                                                                              \
        fault_list(&fault_##kind##_##what);                                                        \
    }                                                                                              \
    Test(kind, what)                                                                               \
    {                                                                                              \
        fault_try(&fault_##kind##_##what);                                                         \
    }                                                                                              \
    static void inject_##kind##_##what(struct rig *rig)

void fault_list(struct fault *fault);

// The whole test of one fault: load, the fault, load again, rest, all checks.
void fault_try(const struct fault *fault);

// All faults by name, the same in every run; *n of them.
const struct fault *const *fault_all(size_t *n);

// A fault that lasts for so long: nothing is waited for.
void fault_lasts(int ms);
