#include "ingress/describe/embedded.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

const char *embedded_text(const char *name)
{
    const struct embedded *file = embedded_files;
    while (file->name && strcmp(file->name, name) != 0)
        file++;
    assert(file->name);
    return file->text;
}
