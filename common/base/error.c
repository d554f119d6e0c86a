#include "common/base/error.h"

#include <stdarg.h>
#include <stdio.h>

bool tg_error_set(struct tg_error *error, const char *code, const char *field, const char *format,
                  ...)
{
    error->code = code;
    snprintf(error->field, sizeof error->field, "%s", field ? field : "");
    va_list args;
    va_start(args, format);
    vsnprintf(error->message, sizeof error->message, format, args);
    va_end(args);
    return false;
}
