#include "ingress/route/path.h"

#include <criterion/criterion.h>
#include <string.h>

Test(path, fits_where_each_name_stands_for_one_segment)
{
    static const struct {
        const char *pattern;
        const char *path;
        bool fits;
    } cases[] = {
        {"/", "/", true},
        {"/api/wallet", "/api/wallet", true},
        {"/api/wallet", "/api/wallet/", false},
        {"/api/wallet", "/api/walle", false},
        {"/api/wallet", "/api/wallets", false},
        {"/api/messages/{id}", "/api/messages/1", true},
        {"/api/messages/{id}", "/api/messages/", false},
        {"/api/messages/{id}", "/api/messages", false},
        {"/api/messages/{id}", "/api/messages/1/", false},
        {"/api/messages/{id}", "/api/messages/1/2", false},
        {"/api/messages/{id}", "/api/message/1", false},
        {"/api/messages/{id}", "", false},
        {"/{version}/{number}/messages", "/v23.0/100/messages", true},
        {"/{version}/{number}/messages", "/v23.0//messages", false},
        {"/{version}/{number}/messages", "/v23.0/100/message", false},
        {"/{version}/{number}/messages", "/v23.0/100/messages/1", false},
        {"/{version}/{number}/messages", "/v23.0/100", false},
        {"/{a}/{b}", "/{a}/{b}", true},
        {"/a{b}", "/axyz", true},
        {"/a{b}", "/bxyz", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        cr_assert_eq(path_fits(cases[i].pattern, cases[i].path), cases[i].fits, "%s %s",
                     cases[i].pattern, cases[i].path);
}

Test(path, gives_its_named_segments)
{
    static const char *const expected[][2] = {
        {"version", "v23.0"}, {"number", "100"}, {"rest", "x"}};
    for (size_t i = 0; i < 3; i++) {
        struct tg_span value =
            path_segment("/{version}/to/{number}/{rest}", "/v23.0/to/100/x", expected[i][0]);
        cr_assert_eq(value.length, strlen(expected[i][1]));
        cr_assert_eq(memcmp(value.data, expected[i][1], value.length), 0);
    }
    cr_assert_null(path_segment("/{version}/to", "/v23.0/to", "vers").data);
    cr_assert_null(path_segment("/api/wallet", "/api/wallet", "wallet").data);
}

#define ID_32 "12345678901234567890123456789012"
#define ID_33 "/123456789012345678901234567890123"

Test(path, of_meta_s_api_may_lack_its_version_and_end_in_a_slash)
{
    static const char messages[] = "[/{version}]/{phone_number_id}/messages";
    static const struct {
        const char *path;
        const char *version; // NULL: absent
        const char *number;  // NULL: it does not fit
    } cases[] = {
        {"/v23.0/100/messages", "v23.0", "100"},
        {"/v23/100/messages/", "v23", "100"},
        {"/100/messages", NULL, "100"},
        {"/100/messages/", NULL, "100"},
        {"/v1.0/" ID_32 "/messages", "v1.0", ID_32},
        {"/v1.0/" ID_32 "3/messages", NULL, NULL},
        {"/v23.0/100/messages//", NULL, NULL},
        {"/v23.0/100/message", NULL, NULL},
        {"/v23.0/100/messages/x", NULL, NULL},
        {"/v23.0/100", NULL, NULL},
        {"/v23.0//messages", NULL, NULL},
        {"/v23.0/me/messages", NULL, NULL},
        {"/v23.0/10a/messages", NULL, NULL},
        {"/v/100/messages", NULL, NULL},
        {"/v23./100/messages", NULL, NULL},
        {"/v23.0.1/100/messages", NULL, NULL},
        {"/23.0/100/messages", NULL, NULL},
        {"/V23.0/100/messages", NULL, NULL},
        {"/api/100/messages", NULL, NULL},
        {"/messages", NULL, NULL},
        {"/", NULL, NULL},
        {"", NULL, NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bool fits = cases[i].number != NULL;
        cr_assert_eq(path_fits(messages, cases[i].path), fits, "%s", cases[i].path);
        struct tg_span version = path_segment(messages, cases[i].path, "version");
        if (fits && cases[i].version)
            cr_assert(tg_span_equals(version, cases[i].version), "%s", cases[i].path);
        else if (fits)
            cr_assert_null(version.data, "%s", cases[i].path);
        if (fits)
            cr_assert(tg_span_equals(path_segment(messages, cases[i].path, "phone_number_id"),
                                     cases[i].number),
                      "%s", cases[i].path);
    }
    cr_assert(path_fits("[/{version}]/debug_token", "/debug_token"));
    cr_assert(path_fits("[/{version}]/debug_token", "/v23.0/debug_token/"));
    cr_assert(path_fits("[/{version}]/files/{name}", "/v1/files/a"));
}

Test(path, has_the_place_of_the_pattern_that_it_fits)
{
    static const struct {
        const char *pattern;
        const char *path;
    } same[] = {
        {"/webhook", "/webhook"},
        {"/api/messages", "/api/messages"},
        {"/api/messages/{id}", "/api/messages/x"},
        {"/api/messages/{id}/body", "/api/messages/{/body"},
        {"/admin/orgs/{org}/keys/{key}", "/admin/orgs/a/keys/b"},
    };
    for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
        cr_assert_eq(path_place(same[i].pattern), path_place(same[i].path), "%s", same[i].path);
        cr_assert_neq(path_place(same[i].pattern), PATH_ANYWHERE, "%s", same[i].pattern);
        cr_assert(path_fits(same[i].pattern, same[i].path), "%s", same[i].path);
    }
    static const char *const anywhere[] = {"[/{version}]/{phone_number_id}/messages",
                                           "[/{version}]/debug_token", "/docs/{file}", "/{a}/b"};
    for (size_t i = 0; i < sizeof anywhere / sizeof *anywhere; i++)
        cr_assert_eq(path_place(anywhere[i]), PATH_ANYWHERE, "%s", anywhere[i]);
    cr_assert_neq(path_place("/api/messages"), path_place("/api/contacts"));
}

Test(path, looks_like_one_of_meta_s_if_a_version_an_id_or_a_name_of_graph_s_stands_first)
{
    static const char *const metas[] = {"/v23.0/100/messages",
                                        "/v23.0",
                                        "/v23.0/",
                                        "/v1/x",
                                        "/100",
                                        "/100/",
                                        "/100/x",
                                        "/me",
                                        "/me/accounts",
                                        "/app/uploads",
                                        "/oauth/access_token",
                                        "/message_template_library"};
    static const char *const others[] = {
        "",      "/",         "/api/wallet", "/api",  "/admin/orgs", "/webhook", "/console/links/x",
        "/docs", "/v",        "/vx/100",     "/v1x/", "/v23./100",   "/100x/y",  "/openapi.json",
        ID_33,   "v23.0/100", "/men",        "/m"};
    for (size_t i = 0; i < sizeof metas / sizeof *metas; i++)
        cr_assert(path_is_metas(metas[i]), "%s", metas[i]);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        cr_assert_not(path_is_metas(others[i]), "%s", others[i]);
}
