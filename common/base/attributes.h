// What the compiler is told of functions.
#pragma once

// Ignoring what it returns is an error.
#define TG_MUST_CHECK __attribute__((warn_unused_result))
// Its arguments fit its format as printf's do; both are counted from 1.
#define TG_PRINTF(format_index, first) __attribute__((format(printf, format_index, first)))
