#include "ingress/route/path.h"

#include <string.h>

// Finds the next named segment. Both move behind it. false: there are no more.
static bool next_segment(const char **pattern, const char **path, struct tg_span *name,
                         struct tg_span *value)
{
    size_t plain = strcspn(*pattern, "{");
    if ((*pattern)[plain] == '\0')
        return false;
    *name = (struct tg_span){*pattern + plain + 1, strcspn(*pattern + plain + 1, "}")};
    *value = (struct tg_span){*path + plain, strcspn(*path + plain, "/")};
    *pattern = name->data + name->length + 1;
    *path = value->data + value->length;
    return true;
}

bool path_fits(const char *pattern, const char *path)
{
    struct tg_span name;
    struct tg_span value;
    // What stands before a name must be there before its value is looked at.
    while (strncmp(pattern, path, strcspn(pattern, "{")) == 0 &&
           next_segment(&pattern, &path, &name, &value)) {
        if (value.length == 0)
            return false;
    }
    return strcmp(pattern, path) == 0;
}

struct tg_span path_segment(const char *pattern, const char *path, const char *name)
{
    struct tg_span found;
    struct tg_span value;
    while (next_segment(&pattern, &path, &found, &value)) {
        if (found.length == strlen(name) && memcmp(found.data, name, found.length) == 0)
            return value;
    }
    return (struct tg_span){0};
}
