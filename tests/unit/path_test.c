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
