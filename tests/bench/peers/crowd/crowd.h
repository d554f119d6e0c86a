// What the program does: one of the kinds of crowd, or the others who are served meanwhile. Each
// returns once its seconds are over or the process is told to stop, and prints what came of it.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct crowd_options {
    const char *kind;
    int64_t seconds;
    int64_t count;         // connections
    int64_t rate;          // requests a second of all of them
    int64_t addresses;     // from which they come, of 127.0.0.0/8; 0: from one, 127.0.0.1
    const char *key;       // prefix of good ones ("load-key-"), before an org's number
    const char *path;      // that readers ask for, likewise
    const char *admin_key; // an operator's token; NULL: none is asked as
};

// So long as nobody has told us to stop.
bool crowd_goes_on(void);

// Does this kind exist? Its connections stand there and are slow: in sending heads or bodies, in
// taking answers, or they wait for Meta.
bool slow_is_one(const char *kind);
void slow_run(const struct crowd_options *options);

// Its connections ask as often as they can up to the rate, with keys that are not good.
bool flood_is_one(const char *kind);
void flood_run(const struct crowd_options *options);

// Clients of other orgs: sends and reads at their times, whatever became of those before, on
// connections that are kept and on new ones. Prints a line for each thing that they do: "name,
// asked, answered well, p50, p99, worst in ms, other answers by status".
void others_run(const struct crowd_options *options);
