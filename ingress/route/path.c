#include "ingress/route/path.h"

#include "common/base/hash.h"

#include <string.h>

static const char digits[] = "0123456789";
static const char version_if_any[] = "[/{version}]";

// How long the version is with which a segment begins; 0: it begins with none.
static size_t version_length(const char *segment)
{
    size_t major = *segment == 'v' ? strspn(segment + 1, digits) : 0;
    const char *dot = segment + 1 + major;
    size_t minor = major > 0 && *dot == '.' ? strspn(dot + 1, digits) : 0;
    return major == 0 ? 0 : 1 + major + (minor > 0 ? 1 + minor : 0);
}

// The version that stands first in the path; absent if it is none, or nothing stands behind it.
static struct tg_span version_of(const char *path)
{
    size_t length = *path == '/' ? version_length(path + 1) : 0;
    bool is_one = length > 0 && path[1 + length] == '/';
    return is_one ? (struct tg_span){path + 1, length} : (struct tg_span){0};
}

static bool is_metas(const char *pattern)
{
    return *pattern == '[';
}

// Both from where an endpoint's own part begins.
static void pass_version(const char **pattern, const char **path)
{
    if (!is_metas(*pattern))
        return;
    struct tg_span version = version_of(*path);
    *pattern += strlen(version_if_any);
    *path += version.data ? 1 + version.length : 0;
}

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

static bool is_id(struct tg_span value)
{
    return value.length > 0 && value.length <= PATH_ID_MAX &&
           strspn(value.data, digits) == value.length;
}

static bool is_name_of_id(struct tg_span name)
{
    return name.length > 3 && memcmp(name.data + name.length - 3, "_id", 3) == 0;
}

bool path_fits(const char *pattern, const char *path)
{
    struct tg_span name;
    struct tg_span value;
    bool of_meta = is_metas(pattern);
    pass_version(&pattern, &path);
    // What stands before a name must be there before its value is looked at.
    while (strncmp(pattern, path, strcspn(pattern, "{")) == 0 &&
           next_segment(&pattern, &path, &name, &value)) {
        if (value.length == 0 || (of_meta && is_name_of_id(name) && !is_id(value)))
            return false;
    }
    size_t rest = strlen(pattern);
    if (of_meta && strncmp(pattern, path, rest) == 0 && strcmp(path + rest, "/") == 0)
        return true;
    return strcmp(pattern, path) == 0;
}

unsigned path_place(const char *pattern_or_path)
{
    size_t length = 0;
    unsigned slashes = 0;
    for (const char *c = pattern_or_path; *c; c++, length++) {
        slashes += *c == '/';
        if (slashes > 2)
            break;
        if (*c == '{')
            return PATH_ANYWHERE;
    }
    return 1 + tg_hash(pattern_or_path, length) % (PATH_PLACES - 1);
}

struct tg_span path_segment(const char *pattern, const char *path, const char *name)
{
    struct tg_span found;
    struct tg_span value;
    if (is_metas(pattern) && strcmp(name, "version") == 0)
        return version_of(path);
    pass_version(&pattern, &path);
    while (next_segment(&pattern, &path, &found, &value)) {
        if (found.length == strlen(name) && memcmp(found.data, name, found.length) == 0)
            return value;
    }
    return (struct tg_span){0};
}

// Graph's own, where others have an id.
static bool is_graphs(struct tg_span segment)
{
    static const char *const names[] = {"me", "app", "oauth", "message_template_library"};
    size_t i = 0;
    while (i < sizeof names / sizeof *names && !tg_span_equals(segment, names[i]))
        i++;
    return i < sizeof names / sizeof *names;
}

bool path_is_metas(const char *path)
{
    if (*path != '/')
        return false;
    struct tg_span first = {path + 1, strcspn(path + 1, "/")};
    return (first.length > 0 && version_length(path + 1) == first.length) || is_id(first) ||
           is_graphs(first);
}
