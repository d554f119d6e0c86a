#include "ingress/route/path.h"

#include "ingress/http/head.h"
#include "ingress/http/request.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

// Patterns of all shapes, and what they name.
static const struct {
    const char *pattern;
    const char *names[3];
} patterns[] = {
    {"/api/wallet", {NULL}},
    {"/api/messages/{id}", {"id", NULL}},
    {"/admin/orgs/{org}/keys/{key}", {"org", "key", NULL}},
    {"/{version}/{number}/messages", {"version", "number", NULL}},
};

// What the names stand for, put in their places, is the path.
static void expect_parts(const char *pattern, const char *const *names, const char *path)
{
    TG_TEXT_AUTO whole = {0};
    for (; *names; names++) {
        struct tg_span part = path_segment(pattern, path, *names);
        FUZZ_HOLDS(part.length > 0 && !memchr(part.data, '/', part.length));
        FUZZ_HOLDS(part.data >= path && part.data + part.length <= path + strlen(path));
    }
    for (const char *at = pattern; *at;) {
        size_t plain = strcspn(at, "{");
        tg_text_append(&whole, at, plain);
        at += plain;
        if (!*at)
            break;
        char name[16] = "";
        size_t length = strcspn(at + 1, "}");
        memcpy(name, at + 1, length);
        struct tg_span part = path_segment(pattern, path, name);
        tg_text_append(&whole, part.data, part.length);
        at += length + 2;
    }
    FUZZ_HOLDS(strcmp(tg_text_string(&whole), path) == 0);
}

// A blank, a NUL or what stands for an encoded slash in the path: by byte, or encoded.
static bool is_plain(const char *uri)
{
    bool in_query = false;
    for (const char *at = uri; *at; at++) {
        in_query = in_query || *at == '?';
        if (*at == ' ' || *at == PATH_SLASH || strncmp(at, "%00", 3) == 0 ||
            (!in_query && strncasecmp(at, "%1f", 3) == 0))
            return false;
    }
    return true;
}

// A path is decoded by us if it has an encoded slash, and then it is as short as it can be.
static void expect_decoded(const char *uri)
{
    TG_TEXT_AUTO path = {0};
    TG_TEXT_AUTO before_query = {0};
    tg_text_append(&before_query, uri, strcspn(uri, "?"));
    head_target_path(uri, &path);
    FUZZ_HOLDS((path.length > 0) == (strcasestr(tg_text_string(&before_query), "%2f") != NULL));
    FUZZ_HOLDS(path.length == 0 || memchr(path.data, PATH_SLASH, path.length));
    FUZZ_HOLDS(path.length <= before_query.length);
}

// What fits one of Meta's, without its version and the slash at its end, is as one of ours.
static void expect_metas(const char *path)
{
    static const char metas[] = "[/{version}]/{media_id}/{rest}";
    if (!path_fits(metas, path))
        return;
    struct tg_span version = path_segment(metas, path, "version");
    struct tg_span id = path_segment(metas, path, "media_id");
    struct tg_span rest = path_segment(metas, path, "rest");
    TG_TEXT_AUTO plain = {0};
    tg_text_append_format(&plain, "/%.*s/%.*s", (int)id.length, id.data, (int)rest.length,
                          rest.data);
    FUZZ_HOLDS(path_is_metas(path) && path_is_metas(plain.data));
    FUZZ_HOLDS(path_fits("/{media_id}/{rest}", plain.data) && path_fits(metas, plain.data));
    FUZZ_HOLDS(!version.data || (*version.data == 'v' && version.data == path + 1));
    FUZZ_HOLDS(strspn(id.data, "0123456789") == id.length && id.length <= PATH_ID_MAX);
    size_t slash = path[strlen(path) - 1] == '/';
    FUZZ_HOLDS(strlen(path) == plain.length + (version.data ? version.length + 1 : 0) + slash);
}

FUZZ_TARGET(path)
{
    const char *path = tg_text_string(input); // up to a NUL, as a request's
    FUZZ_HOLDS(head_target_is_plain(path) == is_plain(path));
    if (is_plain(path))
        expect_decoded(path);
    expect_metas(path);
    for (size_t i = 0; i < sizeof patterns / sizeof *patterns; i++) {
        if (path_fits(patterns[i].pattern, path)) {
            expect_parts(patterns[i].pattern, patterns[i].names, path);
            unsigned place = path_place(patterns[i].pattern);
            FUZZ_HOLDS(place == PATH_ANYWHERE || place == path_place(path));
        }
        FUZZ_HOLDS(!path_segment(patterns[i].pattern, patterns[i].pattern, "other").data);
    }
}
