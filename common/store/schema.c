#include "common/store/schema.h"

#include "common/base/memory.h"
#include "common/store/calls.h"

const struct tg_call *const *const tg_calls_of_ingress[] = {tg_accept_calls,
                                                            tg_wallet_calls,
                                                            tg_caller_calls,
                                                            tg_session_calls,
                                                            tg_read_calls,
                                                            tg_own_calls,
                                                            tg_list_calls,
                                                            tg_event_calls,
                                                            tg_contact_calls,
                                                            tg_campaign_calls,
                                                            tg_campaign_desk_calls,
                                                            tg_endpoint_calls,
                                                            tg_try_calls,
                                                            tg_listed_rule_calls,
                                                            tg_word_calls,
                                                            tg_token_calls,
                                                            tg_statement_calls,
                                                            tg_media_read_calls,
                                                            NULL};
const struct tg_call *const *const tg_calls_of_worker[] = {
    tg_dispatch_calls, tg_wallet_calls,      tg_inbound_calls,
    tg_rule_calls,     tg_listed_rule_calls, tg_word_calls,
    tg_upkeep_calls,   tg_figure_calls,      tg_token_calls,
    tg_sealing_calls,  tg_look_calls,        tg_campaign_work_calls,
    tg_delivery_calls, tg_media_calls,       NULL};

const struct tg_call *const *const tg_calls_of_operator[] = {
    tg_desk_calls, tg_desk_statement_calls, tg_campaign_desk_calls, tg_endpoint_calls,
    tg_try_calls,  tg_listed_rule_calls,    tg_word_calls,          NULL};

const struct tg_call *const *const tg_calls_of_relay[] = {tg_relay_calls, tg_media_relay_calls,
                                                          NULL};

static const struct tg_call *const *const *const calls_of[] = {
    [TG_CALLS_OF_INGRESS] = tg_calls_of_ingress,
    [TG_CALLS_OF_WORKER] = tg_calls_of_worker,
    [TG_CALLS_OF_OPERATOR] = tg_calls_of_operator,
    [TG_CALLS_OF_RELAY] = tg_calls_of_relay};

// A parameter or a column that a call names.
struct expected {
    const char *call;
    const char *name;
    int64_t type;
    bool is_out;
};

struct expectations {
    struct expected *items;
    size_t n;
};

// A function's scalar result goes by the function's own name.
static const struct tg_call check_calls = {
    .name = "check_calls",
    .source =
        "(WITH expected AS (SELECT * FROM unnest($1, $2, $3, $4) AS e (call, name, type, is_out)),"
        " candidate AS (SELECT p.* FROM pg_proc p WHERE p.proname = ANY ($1)"
        "  AND p.pronamespace = to_regnamespace('tollgate')"
        "  AND has_function_privilege(p.oid, 'EXECUTE')),"
        " found AS (SELECT p.proname, a.name, a.type, a.mode IN ('o', 't') IS TRUE AS is_out,"
        "    a.n <= p.pronargs - p.pronargdefaults AS is_wanted FROM candidate p CROSS JOIN LATERAL"
        "    unnest(p.proargnames, coalesce(p.proallargtypes, p.proargtypes::oid[]), p.proargmodes)"
        "    WITH ORDINALITY AS a (name, type, mode, n)"
        "  UNION ALL SELECT p.proname, p.proname, p.prorettype, true, false FROM candidate p)"
        " SELECT e.call, e.name AS what FROM expected e WHERE NOT EXISTS (SELECT FROM found f"
        "  WHERE (f.proname, f.name, f.type, f.is_out) = (e.call, e.name, e.type, e.is_out))"
        " UNION ALL SELECT f.proname, f.name FROM found f WHERE f.is_wanted AND NOT f.is_out"
        "  AND NOT EXISTS (SELECT FROM expected e WHERE (e.call, e.name) = (f.proname, f.name))"
        " UNION ALL SELECT p.proname, 'overloaded' FROM candidate p GROUP BY 1 HAVING count(*) > 1"
        " LIMIT 1) AS misfit",
    .each = TG_FIELDS(TEXT("calls", expected, call), TEXT("names", expected, name),
                      INT8("types", expected, type), BOOL("outs", expected, is_out)),
    .out = TG_FIELDS(TEXT("call", tg_misfit, call), TEXT("what", tg_misfit, what)),
    .only_reads = true,
};

static const struct tg_call check_version = {
    .name = "check_version",
    .source =
        "(SELECT 'schema_version' AS call, 'version' AS what"
        " WHERE schema_version() < " TOLLGATE_SCHEMA_VERSION
        " UNION ALL SELECT 'after_restore', 'restored' WHERE is_restored() LIMIT 1) AS misfit",
    .out = TG_FIELDS(TEXT("call", tg_misfit, call), TEXT("what", tg_misfit, what)),
    .only_reads = true,
};

static const struct tg_call find_login = {
    .name = "find_login",
    .source = "(SELECT r.rolname::text AS name,"
              "  CASE WHEN r.rolsuper THEN 'is a superuser'"
              "       WHEN r.rolbypassrls THEN 'may pass by row-level security (BYPASSRLS)'"
              "       WHEN EXISTS (SELECT FROM pg_namespace n WHERE n.nspname = 'tollgate'"
              "                       AND pg_has_role(n.nspowner, 'USAGE'))"
              "         OR EXISTS (SELECT FROM pg_class c WHERE c.relkind = 'r'"
              "                       AND c.relnamespace = to_regnamespace('tollgate')"
              "                       AND pg_has_role(c.relowner, 'USAGE'))"
              "       THEN 'owns the schema tollgate' ELSE '' END AS too_mighty,"
              " split_part(current_setting('server_version'), ' ', 1) AS server,"
              " current_setting('server_version_num')::bigint AS server_number"
              " FROM pg_roles r WHERE r.rolname = current_user) AS role",
    .out =
        TG_FIELDS(TEXT("name", tg_login, name), TEXT("too_mighty", tg_login, too_mighty),
                  TEXT("server", tg_login, server), INT8("server_number", tg_login, server_number)),
    .only_reads = true,
};

enum tg_pg_status tg_store_find_login(struct tg_pg *pg, struct tg_login *role)
{
    bool found = false;
    *role = (struct tg_login){.name = ""};
    return tg_pg_call(pg, &find_login, TG_ROW_IF(role, &found));
}

// Adds the fields of a part of the call; `each` are arrays.
static void expect(struct expectations *all, const struct tg_call *call,
                   const struct tg_field *fields)
{
    for (const struct tg_field *field = fields; field && field->name; field++) {
        all->items = tg_realloc(all->items, (all->n + 1) * sizeof *all->items);
        all->items[all->n++] =
            (struct expected){.call = call->name,
                              .name = field->name,
                              .type = fields == call->each ? field->array : field->type,
                              .is_out = fields == call->out};
    }
}

static void expect_all(struct expectations *all, const struct tg_call *const *calls)
{
    for (; *calls; calls++) {
        expect(all, *calls, (*calls)->one);
        expect(all, *calls, (*calls)->each);
        expect(all, *calls, (*calls)->out);
    }
}

enum tg_pg_status tg_store_check_schema(struct tg_pg *pg, enum tg_calls_of daemon,
                                        struct tg_misfit *misfit)
{
    struct expectations all = {0};
    bool misses = false;
    for (const struct tg_call *const *const *lists = calls_of[daemon]; *lists; lists++)
        expect_all(&all, *lists);
    *misfit = (struct tg_misfit){.call = ""};
    enum tg_pg_status status =
        tg_pg_call(pg, &check_calls, TG_EACH(all.items, all.n), TG_ROW_IF(misfit, &misses));
    free(all.items);
    if (status == TG_PG_OK && !misses)
        status = tg_pg_call(pg, &check_version, TG_ROW_IF(misfit, &misses));
    return status;
}
