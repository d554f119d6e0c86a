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

Test(path, gives_its_named_segments_in_order)
{
    const char *pattern = "/{version}/to/{number}/{rest}";
    const char *path = "/v23.0/to/100/x";
    static const char *const expected[][2] = {
        {"version", "v23.0"}, {"number", "100"}, {"rest", "x"}};
    struct tg_span name;
    struct tg_span value;
    for (size_t i = 0; i < 3; i++) {
        cr_assert(path_next_segment(&pattern, &path, &name, &value));
        cr_assert_eq(name.length, strlen(expected[i][0]));
        cr_assert_eq(value.length, strlen(expected[i][1]));
        cr_assert_eq(memcmp(name.data, expected[i][0], name.length), 0);
        cr_assert_eq(memcmp(value.data, expected[i][1], value.length), 0);
    }
    cr_assert_not(path_next_segment(&pattern, &path, &name, &value));
}
