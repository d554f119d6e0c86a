#include "common/base/error.h"

#include "common/base/utf8.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

// What was cut ends with a whole character: it goes out as JSON.
static void end_whole(char *text)
{
    text[tg_utf8_whole(text, strlen(text))] = '\0';
}

bool tg_error_set(struct tg_error *error, const char *code, const char *field, const char *format,
                  ...)
{
    error->code = code;
    snprintf(error->field, sizeof error->field, "%s", field ? field : "");
    end_whole(error->field);
    va_list args;
    va_start(args, format);
    vsnprintf(error->message, sizeof error->message, format, args);
    va_end(args);
    end_whole(error->message);
    return false;
}
