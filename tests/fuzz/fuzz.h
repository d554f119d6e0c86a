// A target of the fuzzer: it takes any bytes, gives them to a parser of strangers' bytes, and ends
// the process where that does not keep what its header promises. FUZZ_TARGET(phone) { ... } in
// phone_fuzz.c is all that one needs: built with libFuzzer (the preset `fuzz`) it is a program of
// its own, tollgate-fuzz-phone; in the tests it is a test that gives it what was found before
// (findings/phone).
#pragma once

#include "common/base/error.h"
#include "common/base/text.h"

// What a target is given: as many bytes as there are, then a NUL, and nothing behind it that may be
// read.
typedef void fuzz_target(const struct tg_text *input);

#ifdef TOLLGATE_FUZZER

#include <stddef.h>
#include <stdint.h>

// libFuzzer's
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

#define FUZZ_TARGET(name)                                                                          \
    static fuzz_target target;                                                                     \
    int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)                                \
    {                                                                                              \
        fuzz_give(target, bytes, length);                                                          \
        return 0;                                                                                  \
    }                                                                                              \
    static void target(const struct tg_text *input)

#else

#include <criterion/criterion.h>

#define FUZZ_TARGET(name)                                                                          \
    static fuzz_target target;                                                                     \
    Test(fuzz, name)                                                                               \
    {                                                                                              \
        fuzz_give_findings(target, #name);                                                         \
    }                                                                                              \
    static void target(const struct tg_text *input)

#endif

void fuzz_give(fuzz_target *target, const void *bytes, size_t length);

// All files of the folder findings/NAME, and an empty input.
void fuzz_give_findings(fuzz_target *target, const char *name);

// What must hold whatever the input is.
#define FUZZ_HOLDS(condition) ((condition) ? (void)0 : fuzz_failed(#condition, __FILE__, __LINE__))
_Noreturn void fuzz_failed(const char *condition, const char *file, int line);

// A refusal can be told to whoever is refused: it has a code, and words for people and a field
// (which may be empty) in UTF-8.
void fuzz_refused(const struct tg_error *error);

// The line that begins at *at, which moves behind it; absent behind the last one. And all that
// is left from there on.
struct tg_span fuzz_line(const struct tg_text *input, size_t *at);
struct tg_span fuzz_rest(const struct tg_text *input, size_t at);

// The path of a file that holds these bytes, until the next call. Nobody else may read it.
const char *fuzz_file(struct tg_span bytes);

// The same text, and one like it for the caller to finish.
bool fuzz_same(struct tg_span one, struct tg_span other);
struct tg_text fuzz_text(struct tg_span span);
