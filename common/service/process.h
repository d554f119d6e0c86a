// What Prometheus is told of this process: processor time, memory, open files, its start; under the
// names that all its client libraries give them.
#pragma once

#include "common/base/text.h"

// Appends them in its text format. What the system does not tell is left out. Thread-safe.
void tg_process_render(struct tg_text *text);
