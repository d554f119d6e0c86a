#include "tests/sql/inbound.h"

#include <stdlib.h>

const char *number_of_org(const char *org)
{
    return value("SELECT phone_number_id FROM channels WHERE org_id = '%s'", org);
}

const char *hear(const char *org, const char *message, const char *status, const char *code)
{
    return rows("SELECT verdict, refunded, reversed, released_id FROM apply_statuses(ARRAY(SELECT "
                "c.phone_number_id FROM messages m JOIN channels c ON c.id = m.channel_id WHERE "
                "m.id = '%s' AND m.org_id = '%s'), ARRAY['wamid.%s'], ARRAY['%s']::uuid[], "
                "ARRAY['%s'], ARRAY[extract(epoch FROM now())::bigint], ARRAY[NULL]::text[], "
                "ARRAY[%s]::text[], ARRAY[NULL]::text[])",
                message, org, message, message, status, code ? text("'%s'", code) : "NULL");
}

static const char *literal_or_null(const char *text_or_null)
{
    return text_or_null && *text_or_null ? text("'%s'", text_or_null) : "NULL";
}

static const char *message_row(const struct inbound_spec *spec, size_t n)
{
    const char *number =
        spec->number
            ? text("'%s'", spec->number)
            : text("(SELECT phone_number_id FROM channels WHERE org_id = '%s')", spec->org);
    return text("(%zu, gen_random_uuid(), %s, %s, %s, %s, %s, %s, '%s', %s, %ld::bigint, %s, %s, "
                "%s, %s, %s)",
                n, number, spec->wamid ? literal_or_null(spec->wamid) : "gen_random_uuid()::text",
                literal_or_null(spec->phone ? spec->phone : "919876543210"),
                literal_or_null(spec->user_id), literal_or_null(spec->name),
                literal_or_null(spec->new_phone), spec->type ? spec->type : "text",
                literal_or_null(spec->text ? spec->text : "hello"),
                spec->at ? spec->at : 1763800000, literal_or_null(spec->group),
                literal_or_null(spec->changes), spec->is_unsaid ? "false" : "true",
                literal_or_null(spec->new_user_id), literal_or_null(spec->media));
}

// Calls a function with the batch; columns of what it returns, as `received`.
static const char *call_with(const char *columns, const char *function,
                             const struct inbound_spec *messages, size_t n)
{
    const char *items = message_row(&messages[0], 0);
    for (size_t i = 1; i < n; i++)
        items = text("%s, %s", items, message_row(&messages[i], i));
    return text(
        "SELECT %s FROM ("
        "SELECT array_agg(a ORDER BY n) AS a, array_agg(b ORDER BY n) AS b, "
        "array_agg(c ORDER BY n) AS c, array_agg(d::text ORDER BY n) AS d, "
        "array_agg(e::text ORDER BY n) AS e, array_agg(f::text ORDER BY n) AS f, "
        "array_agg(g::text ORDER BY n) AS g, array_agg(h ORDER BY n) AS h, "
        "array_agg(i::text ORDER BY n) AS i, array_agg(j ORDER BY n) AS j, "
        "array_agg(k::text ORDER BY n) AS k, array_agg(l::text ORDER BY n) AS l, "
        "array_agg(o ORDER BY n) AS o, array_agg(p::text ORDER BY n) AS p, "
        "array_agg(q::text ORDER BY n) AS q, "
        "array_agg(NULL::text) AS none, array_agg('{}'::text) AS objects "
        "FROM (VALUES %s) AS message (n, a, b, c, d, e, f, g, h, i, j, k, l, o, p, q)) batch, "
        "%s(a, b, c, d, e, f, g, h, i, q, none, none, none, objects, j, p_group_ids => k, "
        "p_changes => l, p_are_said => o, p_new_user_ids => p, p_words_later => %s) received",
        columns, items, function, messages[0].words_later ? "true" : "false");
}

const char *receive_sql(const struct inbound_spec *messages, size_t n)
{
    return call_with("received.verdict", "receive_messages", messages, n);
}

const char *found_inbound_sql(const struct inbound_spec *messages, size_t n)
{
    return text("ARRAY(%s)", call_with("received", "find_inbound", messages, n));
}

const char *set_wishes_sql(const struct wish_spec *wishes, size_t n)
{
    const char *items = "";
    for (size_t i = 0; i < n; i++)
        items = text("%s%s(%zu, '%s'::uuid, '%s'::uuid, %s)", items, i > 0 ? ", " : "", i,
                     wishes[i].org, wishes[i].message, literal_or_null(wishes[i].wish));
    return text(
        "SELECT w.opted_out FROM (SELECT array_agg(o ORDER BY n) AS o, array_agg(m ORDER BY "
        "n) AS m, array_agg(w ORDER BY n) AS w FROM (VALUES %s) AS wish (n, o, m, w)) batch, "
        "set_wishes(o, m, w::text[]) w",
        items);
}

const char *given_inbound_of(struct inbound_spec spec)
{
    spec.wamid = spec.wamid ? spec.wamid : new_id();
    assert_rows(rows("%s", receive_sql(&spec, 1)), "saved");
    return value("SELECT id FROM messages WHERE wamid = '%s'", spec.wamid);
}

static const char *copy_row(const struct copy_spec *spec, size_t n)
{
    const char *number =
        spec->number
            ? text("'%s'", spec->number)
            : text("(SELECT phone_number_id FROM channels WHERE org_id = '%s')", spec->org);
    return text("(%zu, gen_random_uuid(), %s, %s, %s, %s, %s, '%s', %s, '%s', '%s', %s, %s, %s, "
                "%ld::bigint)",
                n, number, spec->wamid ? text("'%s'", spec->wamid) : "gen_random_uuid()::text",
                literal_or_null(spec->phone ? spec->phone : "919876543210"),
                literal_or_null(spec->user_id), literal_or_null(spec->name),
                spec->origin ? spec->origin : "phone_app", spec->inbound ? "false" : "true",
                spec->status    ? spec->status
                : spec->inbound ? "received"
                                : "sent",
                spec->type ? spec->type : "text",
                literal_or_null(spec->text ? spec->text : "hello"), literal_or_null(spec->media),
                literal_or_null(spec->changes), spec->at ? spec->at : 1763800000);
}

const char *receive_copies_sql(const struct copy_spec *copies, size_t n)
{
    const char *items = copy_row(&copies[0], 0);
    for (size_t i = 1; i < n; i++)
        items = text("%s, %s", items, copy_row(&copies[i], i));
    return text("SELECT received.verdict FROM ("
                "SELECT array_agg(a ORDER BY n) AS a, array_agg(b ORDER BY n) AS b, "
                "array_agg(c ORDER BY n) AS c, array_agg(d::text ORDER BY n) AS d, "
                "array_agg(e::text ORDER BY n) AS e, array_agg(f::text ORDER BY n) AS f, "
                "array_agg(g ORDER BY n) AS g, array_agg(h ORDER BY n) AS h, "
                "array_agg(i ORDER BY n) AS i, array_agg(j ORDER BY n) AS j, "
                "array_agg(k::text ORDER BY n) AS k, array_agg(l::text ORDER BY n) AS l, "
                "array_agg(m::text ORDER BY n) AS m, array_agg(o ORDER BY n) AS o, "
                "array_agg(NULL::text) AS none, array_agg('{}'::text) AS objects "
                "FROM (VALUES %s) AS copy (n, a, b, c, d, e, f, g, h, i, j, k, l, m, o)) batch, "
                "receive_copies(a, b, c, d, e, f, g, h, i, j, k, none, l, none, none, m, objects, "
                "none, none, o) received",
                items);
}
