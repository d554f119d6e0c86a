// What a test's own process writes to one of its standard streams, caught in a temporary file.
#pragma once

#include <criterion/criterion.h>
#include <stdio.h>
#include <unistd.h>

enum { CAPTURE_MAX = 32 * 1024 };

struct capture {
    FILE *stream; // stdout or stderr
    int saved;
    FILE *file;
};

static inline struct capture capture_start(FILE *stream)
{
    struct capture capture = {stream, dup(fileno(stream)), tmpfile()};
    cr_assert(capture.saved >= 0 && capture.file);
    cr_assert(fflush(stream) == 0);
    cr_assert(dup2(fileno(capture.file), fileno(stream)) >= 0);
    return capture;
}

// Gives the stream back and returns what was written, in one buffer that the next call uses again.
static inline const char *capture_stop(struct capture *capture)
{
    static char text[CAPTURE_MAX];
    cr_assert(fflush(capture->stream) == 0);
    cr_assert(dup2(capture->saved, fileno(capture->stream)) >= 0);
    close(capture->saved);
    cr_assert(fseek(capture->file, 0, SEEK_SET) == 0);
    size_t length = fread(text, 1, sizeof text - 1, capture->file);
    cr_assert(feof(capture->file), "more than %d bytes were written", CAPTURE_MAX);
    text[length] = '\0';
    (void)fclose(capture->file);
    return text;
}
