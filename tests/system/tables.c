#include "tests/system/tables.h"

#include "ingress/admin/endpoints.h"
#include "ingress/api/endpoints.h"
#include "ingress/meta/callback.h"
#include "ingress/relay/table.h"

#include <criterion/criterion.h>

static const struct endpoint *const meta_tables[] = {callback_endpoints, NULL};
static const struct endpoint *const as_meta_tables[] = {cloud_send_endpoints, NULL};
static const struct endpoint *const relayed_tables[] = {relay_endpoints, NULL};

static const struct {
    const struct endpoint *const *tables;
    enum caller_kind who;
} kinds[] = {
    [TABLES_OF_ORGS] = {api_tables, CALLER_ORG},
    [TABLES_OF_ORGS_AS_META] = {as_meta_tables, CALLER_ORG},
    [TABLES_OF_META] = {meta_tables, CALLER_META},
    [TABLES_OF_OPERATORS] = {desk_tables, CALLER_OPERATOR},
    [TABLES_OF_RELAYED] = {relayed_tables, CALLER_ORG},
};

static struct table_row row_of(const struct endpoint *endpoint)
{
    return (struct table_row){.method = endpoint->method,
                              .path = endpoint->path,
                              .request = endpoint->request,
                              .has_body = endpoint->body != BODY_NONE,
                              .right = right_name(endpoint->right),
                              .people_may =
                                  (endpoint->right & ~(unsigned)(RIGHT_SEND | RIGHT_READ)) == 0,
                              .role = (int)endpoint->role - ROLE_VIEWER + 1};
}

size_t list_table_rows(enum table_of kind, struct table_row *rows, size_t max)
{
    size_t n = 0;
    for (const struct endpoint *const *table = kinds[kind].tables; *table; table++) {
        for (const struct endpoint *endpoint = *table; endpoint->method; endpoint++) {
            cr_assert_eq(endpoint->who, kinds[kind].who, "%s %s", endpoint->method, endpoint->path);
            cr_assert_lt(n, max);
            rows[n++] = row_of(endpoint);
        }
    }
    return n;
}
