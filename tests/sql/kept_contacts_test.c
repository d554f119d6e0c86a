// What orgs keep of their contacts, how they find them, and how contacts are erased.

#include "tests/sql/inbound.h"

#include <string.h>

TestSuite(kept_contacts, .init = database_create, .fini = database_drop);

#define ACTOR "'key:tg_test'"

static const char *acme;

static const char *create(const char *body)
{
    return value("SELECT create_contact(" ACTOR ", '%s', '%s') ->> 'id'", acme, body);
}

// A member of the contact's document.
static const char *member(const char *id, const char *name)
{
    return value("SELECT coalesce(get_contact('%s', %s) ->> '%s', '')", acme, id, name);
}

// The names of the contacts of a page, in order, and how to go on.
static const char *page_of(const char *find, const char *before, int limit)
{
    return value("SELECT concat_ws(' | ', (SELECT string_agg(c ->> 'name', ', ') FROM "
                 "json_array_elements(l -> 'contacts') c), l ->> 'next_before') "
                 "FROM list_contacts('%s', '%s', %s, %d) l",
                 acme, find, before, limit);
}

#define all_of(find) page_of(find, "NULL", 200)

Test(kept_contacts, one_is_made_once_and_changed_member_by_member)
{
    acme = given_org_with_channel("1.00");
    const char *id = create("{\"phone\": \"919800000001\", \"name\": \"Asha Rao\", \"language\": "
                            "\"pt_BR\", \"tags\": [\"vip\", \" new\", \"vip\"], \"attributes\": "
                            "{\"since\": 2020}}");
    cr_assert_str_eq(member(id, "name"), "Asha Rao");
    cr_assert_str_eq(member(id, "tags"), "[\"new\",\"vip\"]");
    cr_assert_str_eq(member(id, "attributes"), "{\"since\": 2020}");
    assert_told("already_exists", "phone", "SELECT create_contact(" ACTOR ", '%s', '%s')", acme,
                "{\"phone\": \"919800000001\"}");
    run("SELECT change_contact(" ACTOR ", '%s', %s, '{\"tags\": [], \"language\": null}')", acme,
        id);
    cr_assert_str_eq(member(id, "tags"), "[]");
    cr_assert_str_eq(member(id, "language"), "");
    cr_assert_str_eq(member(id, "name"), "Asha Rao");
    run("SELECT change_contact(" ACTOR ", '%s', %s, '{\"tags\": []}')", acme, id);
    // Who has changed which, and not what it says.
    assert_rows(rows("SELECT actor, action, object_id, after FROM audit_log WHERE object = "
                     "'contacts' ORDER BY n"),
                text("key:tg_test, insert, %s, {\"changed\": [\"attributes\", \"language\", "
                     "\"name\", \"phone\", \"tags\"]}",
                     id),
                text("key:tg_test, update, %s, {\"changed\": [\"language\", \"tags\"]}", id));
}

Test(kept_contacts, what_cannot_be_kept_is_refused_by_its_name)
{
    static const struct {
        const char *body;
        const char *code;
        const char *field;
    } bad[] = {
        {"{\"name\": \"A\"}", "missing_field", "phone"},
        {"{\"phone\": \"919800000001\", \"user_id\": \"IN.1\"}", "invalid_field", "phone"},
        {"{\"phone\": \"919800000001\", \"language\": \"English\"}", "invalid_field", "language"},
        {"{\"phone\": \"919800000001\", \"tags\": [\" \"]}", "invalid_field", "tags"},
        {"{\"phone\": \"919800000001\", \"attributes\": \"text\"}", "invalid_field", "attributes"},
        {"{\"phone\": \"919800000001\", \"attributes\": {\"a\": [1e999999]}}", "invalid_field",
         "attributes"},
        {"{\"phone\": \"919800000001\", \"attributes\": {\"a\": -1e-999999}}", "invalid_field",
         "attributes"}};
    acme = given_org_with_channel("1.00");
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_told(bad[i].code, bad[i].field, "SELECT create_contact(" ACTOR ", '%s', '%s')", acme,
                    bad[i].body);
    static const char made[] = "SELECT create_contact(" ACTOR ", '%s', json_build_object('phone', "
                               "'919800000001', '%s', %s))";
    assert_told("invalid_field", "tags", made, acme, "tags",
                "(SELECT json_agg(g::text) FROM generate_series(1, 33) g)");
    assert_told("invalid_field", "attributes", made, acme, "attributes",
                "json_build_object('a', repeat('x', 4096))");
    cr_assert_str_eq(number_of("contacts"), "0");
    run(made, acme, "tags", "(SELECT json_agg(g::text) FROM generate_series(1, 32) g)");
}

static void given_some(void)
{
    acme = given_org_with_channel("1.00");
    (void)create("{\"phone\": \"919800000001\", \"name\": \"Asha Rao\", \"tags\": [\"vip\"]}");
    (void)create("{\"phone\": \"919800000002\", \"name\": \"Ravi Sharma\"}");
    (void)create("{\"phone\": \"919800000003\", \"name\": \"ash\u00c4-ANN asha\", \"tags\": "
                 "[\"vip\", \"t\"]}");
    (void)create("{\"user_id\": \"IN.1A2B\", \"name\": \"Ashok\"}");
    run("INSERT INTO contacts (org_id, phone, name) VALUES ('%s', '919800000005', 'Rao')", acme);
}

Test(kept_contacts, are_found_by_what_is_known_of_them)
{
    given_some();
    cr_assert_str_eq(all_of("{}"), "Rao, Ashok, ash\u00c4-ANN asha, Ravi Sharma, Asha Rao");
    cr_assert_str_eq(all_of("{\"name\": \"rao\"}"), "Asha Rao, Rao");
    cr_assert_str_eq(all_of("{\"name\": \"ASH\"}"), "Asha Rao, ash\u00c4-ANN asha, Ashok");
    cr_assert_str_eq(all_of("{\"name\": \"ra ash\"}"), "Asha Rao");
    cr_assert_str_eq(all_of("{\"name\": \"sh\"}"), "Ravi Sharma");
    cr_assert_str_eq(all_of("{\"tag\": \"vip\"}"), "ash\u00c4-ANN asha, Asha Rao");
    cr_assert_str_eq(all_of("{\"tag\": \"vi\"}"), "");
    cr_assert_str_eq(all_of("{\"tag\": \"vip\", \"name\": \"ann\"}"), "ash\u00c4-ANN asha");
    cr_assert_str_eq(all_of("{\"contact\": \"919800000002\"}"), "Ravi Sharma");
    cr_assert_str_eq(all_of("{\"contact\": \"IN.1A2B\"}"), "Ashok");
    cr_assert_str_eq(all_of("{\"contact\": \"IN.1A2B\", \"tag\": \"vip\"}"), "");
    cr_assert_str_eq(all_of("{\"contact\": \"nobody\"}"), "");
    assert_told("invalid_field", "name",
                "SELECT list_contacts('%s', '{\"name\": \" - \"}', NULL, 9)", acme);
    assert_told("invalid_field", "before", "SELECT list_contacts('%s', '{}', 'x', 9)", acme);
    acme = given_org_with_channel("1.00"); // another org
    cr_assert_str_eq(all_of("{}"), "");
    cr_assert_str_eq(all_of("{\"name\": \"rao\"}"), "");
    cr_assert_str_eq(all_of("{\"contact\": \"919800000002\"}"), "");
}

// Page after page, one at a time: nobody twice, nobody left out.
static const char *walk(const char *find)
{
    const char *found = "";
    const char *before = "NULL";
    for (int i = 0; i < 20; i++) {
        const char *one = page_of(find, before, 1);
        const char *next = strstr(one, " | ");
        found = text("%s[%.*s]", found, next ? (int)(next - one) : (int)strlen(one), one);
        if (!next)
            return found;
        before = text("'%s'", next + 3);
    }
    return "no end";
}

Test(kept_contacts, pages_have_each_once)
{
    given_some();
    cr_assert_str_eq(walk("{}"), "[Rao][Ashok][ash\u00c4-ANN asha][Ravi Sharma][Asha Rao]");
    cr_assert_str_eq(walk("{\"name\": \"ash\"}"), "[Asha Rao][ash\u00c4-ANN asha][Ashok]");
    cr_assert_str_eq(walk("{\"tag\": \"vip\"}"), "[ash\u00c4-ANN asha][Asha Rao]");
}

Test(kept_contacts, a_page_looks_at_so_many_and_no_more)
{
    acme = given_org_with_channel("1.00");
    (void)create("{\"phone\": \"919800000001\", \"name\": \"Rare\"}");
    run("INSERT INTO contacts (org_id, phone) SELECT '%s', '9197' || lpad(g::text, 8, '0') FROM "
        "generate_series(1, 2000) g",
        acme);
    run("INSERT INTO conversations (org_id, channel_id, contact_id) SELECT c.org_id, h.id, c.id "
        "FROM contacts c JOIN channels h ON h.org_id = c.org_id");
    const char *next = value("SELECT list_contacts('%s', '{\"opted_out\": false}', NULL, 5) ->> "
                             "'next_before'",
                             acme);
    cr_assert_str_neq(next, "null");
    cr_assert_str_eq(
        value("SELECT json_array_length(list_contacts('%s', '{\"opted_out\": true}', NULL, 5) "
              "-> 'contacts')",
              acme),
        "0");
}

// More than a page looks at, called Kumar, with a tag and opted out; and one in their midst who is
// called Ra as well.
static const char *given_many(void)
{
    acme = given_org_with_channel("1.00");
    static const char many[] =
        "WITH made AS (INSERT INTO contacts (org_id, phone, name) SELECT '%s', '%s' || "
        "lpad(g::text, "
        "8, '0'), 'Kumar' FROM generate_series(1, 1100) g RETURNING org_id, id), tagged AS (INSERT "
        "INTO contact_cards (org_id, contact_id, tags) SELECT org_id, id, '{all}' FROM made) "
        "INSERT "
        "INTO conversations (org_id, channel_id, contact_id, opted_out_at) SELECT m.org_id, h.id, "
        "m.id, now() FROM made m JOIN channels h ON h.org_id = m.org_id";
    run(many, acme, "9197");
    const char *one = create("{\"phone\": \"919800000001\", \"name\": \"Ra Kumar\", \"tags\": "
                             "[\"all\"]}");
    run("SELECT opt_contact_out(" ACTOR ", '%s', %s, '{}')", acme, one);
    run(many, acme, "9196");
    return one;
}

// What is rare is found at once, and there is no next page.
Test(kept_contacts, are_looked_for_where_the_fewest_are)
{
    const char *one = given_many();
    cr_expect_str_eq(all_of("{\"name\": \"kumar ra\"}"), "Ra Kumar");
    cr_expect_str_eq(all_of("{\"name\": \"ra\", \"opted_out\": true}"), "Ra Kumar");
    cr_expect_str_eq(all_of("{\"name\": \"ra\", \"opted_out\": false}"), "");
    cr_expect_str_eq(all_of("{\"name\": \"ra\", \"tag\": \"all\"}"), "Ra Kumar");
    cr_expect_str_eq(all_of("{\"name\": \"kumar nobody\"}"), "");
    run("SELECT change_contact(" ACTOR ", '%s', %s, '{\"tags\": [\"all\", \"vip\"]}')", acme, one);
    cr_expect_str_eq(all_of("{\"name\": \"kumar\", \"tag\": \"vip\"}"), "Ra Kumar");
    cr_expect_str_eq(all_of("{\"opted_out\": true, \"tag\": \"vip\"}"), "Ra Kumar");
    run("UPDATE conversations SET opted_out_at = NULL WHERE contact_id <> %s", one);
    cr_expect_str_eq(all_of("{\"name\": \"kumar\", \"opted_out\": true}"), "Ra Kumar");
    cr_expect_str_eq(all_of("{\"tag\": \"all\", \"opted_out\": true}"), "Ra Kumar");
}

// Page after page: how many there are, and how many contacts are on them, each once.
static const char *leaf_through(const char *find)
{
    const char *before = "NULL";
    run("CREATE TEMP TABLE seen (id text PRIMARY KEY)");
    for (int pages = 1; pages < 50; pages++) {
        run("INSERT INTO seen SELECT c ->> 'id' FROM json_array_elements(list_contacts('%s', '%s', "
            "%s, 200) -> 'contacts') c",
            acme, find, before);
        const char *next = value("SELECT coalesce(list_contacts('%s', '%s', %s, 200) ->> "
                                 "'next_before', '')",
                                 acme, find, before);
        if (!*next) {
            const char *told = text("%s on %d", number_of("seen"), pages);
            run("DROP TABLE seen");
            return told;
        }
        before = text("'%s'", next);
    }
    return "no end";
}

Test(kept_contacts, pages_have_all_of_many_each_once)
{
    (void)given_many();
    cr_expect_str_eq(leaf_through("{}"), "2201 on 12");
    cr_expect_str_eq(leaf_through("{\"opted_out\": true}"), "2201 on 12");
    cr_expect_str_eq(leaf_through("{\"name\": \"k\", \"tag\": \"all\"}"), "2201 on 12");
    cr_expect_str_eq(leaf_through("{\"name\": \"kumar\"}"), "2201 on 12");
    // Looked through in vain: the first thousand, the second one, and what is left.
    cr_expect_str_eq(leaf_through("{\"opted_out\": false}"), "0 on 3");
    cr_expect_str_eq(leaf_through("{\"name\": \"kumar\", \"opted_out\": false}"), "0 on 3");
    cr_expect_str_eq(leaf_through("{\"tag\": \"all\", \"opted_out\": false}"), "0 on 3");
}

Test(kept_contacts, the_pages_of_a_search_are_in_one_order_whatever_the_fewest_are_by_then)
{
    static const char *const find = "{\"name\": \"as ra\"}";
    given_some();
    (void)create("{\"phone\": \"919800000006\", \"name\": \"Ravi Ashok\", \"tags\": [\"vip\"]}");
    (void)create("{\"phone\": \"919800000007\", \"name\": \"Ashok Rao\"}");
    (void)create("{\"phone\": \"919800000008\", \"name\": \"Ravi Ray Rasha\"}");
    // By as: asha, ashok. By ra they would be as rao, ravi.
    cr_assert_str_eq(walk(find), "[Asha Rao][Ravi Ashok][Ashok Rao]");
    const char *next = strchr(page_of(find, "NULL", 1), '|') + 2;
    run("INSERT INTO contacts (org_id, phone, name) SELECT '%s', '9199' || lpad(g::text, 8, '0'), "
        "'Asmita' FROM generate_series(1, 9) g",
        acme);
    cr_assert_str_eq(page_of(find, text("'%s'", next), 200), "Ravi Ashok, Ashok Rao");
    cr_assert_str_eq(walk(find), "[Asha Rao][Ashok Rao][Ravi Ashok]");
    // By a tag, until a word becomes as rare.
    static const char *const of_vips = "{\"name\": \"as\", \"tag\": \"vip\"}";
    const char *first = page_of(of_vips, "NULL", 1);
    cr_assert(strncmp(first, "Ravi Ashok | ", 13) == 0, "%s", first);
    run("DELETE FROM contact_terms WHERE term = 'n:asmita'");
    run("UPDATE contact_cards SET tags = '{vip}'");
    cr_assert_str_eq(page_of(of_vips, text("'%s'", first + 13), 200),
                     "Ashok, ash\u00c4-ANN asha, Asha Rao");
}

Test(kept_contacts, the_place_of_another_search_is_refused)
{
    given_some();
    assert_told("invalid_field", "before",
                "SELECT list_contacts('%s', '{\"name\": \"rao\"}', '1 asha', 9)", acme);
    assert_told("invalid_field", "before", "SELECT list_contacts('%s', '{}', '1 asha', 9)", acme);
}

Test(kept_contacts, an_opt_out_says_whose_word_it_was_until_the_contact_says_another)
{
    acme = given_org_with_channel("9.00");
    const char *id = create("{\"phone\": \"919800000001\"}");
    run("SELECT opt_contact_out(" ACTOR ", '%s', %s, '{\"why\": \"asked on the phone\"}')", acme,
        id);
    cr_assert_str_eq(member(id, "opted_out"), "true");
    cr_assert_str_eq(value("SELECT (get_contact('%s', %s) -> 'channels' -> 0 ->> 'by') || ': ' || "
                           "(get_contact('%s', %s) -> 'channels' -> 0 ->> 'why')",
                           acme, id, acme, id),
                     "key:tg_test: asked on the phone");
    cr_assert_str_eq(all_of("{\"opted_out\": true}"), "");
    assert_rows(accept_sends({.org = acme, .phone = "919800000001", .priority = "bulk"}),
                "contact_opted_out, null, 9.00, 0.20");
    assert_rows(rows("SELECT actor, action, after ->> 'opted_out' FROM audit_log WHERE object = "
                     "'preferences'"),
                "key:tg_test, insert, true");
    run("SELECT opt_contact_in(" ACTOR ", '%s', %s, '{}')", acme, id);
    cr_assert_str_eq(member(id, "opted_out"), "false");
    run("SELECT opt_contact_out(" ACTOR ", '%s', %s, '{}')", acme, id);
    // START.
    run("SELECT set_preferences(ARRAY['%s'::uuid], ARRAY(SELECT id FROM channels), "
        "ARRAY[%s::bigint], '{f}', "
        "ARRAY[clock_timestamp()])",
        acme, id);
    cr_assert_str_eq(member(id, "opted_out"), "false");
    cr_assert_str_eq(
        value("SELECT coalesce(get_contact('%s', %s) -> 'channels' -> 0 ->> 'by', '')", acme, id),
        "");
    assert_told("channel_not_found", "channel_id",
                "SELECT opt_contact_out(" ACTOR ", '%s', %s, '{\"channel_id\": \"%s\"}')", acme, id,
                new_id());
    assert_told("channel_not_found", "phone_number_id",
                "SELECT opt_contact_out(" ACTOR ", '%s', %s, '{\"phone_number_id\": \"4711\"}')",
                acme, id);
    const char *second = given_channel(.org = acme);
    run("SELECT opt_contact_out(" ACTOR ", '%s', %s, json_build_object('phone_number_id', "
        "(SELECT phone_number_id FROM channels WHERE id = '%s')))",
        acme, id, second);
    assert_rows(rows("SELECT channel_id FROM conversations WHERE opted_out_at IS NOT NULL"),
                second);
}

Test(kept_contacts, who_turned_out_to_be_another_is_that_one_with_all_that_was_kept)
{
    acme = given_org_with_channel("1.00");
    const char *one = create("{\"phone\": \"919800000001\", \"tags\": [\"a\"]}");
    const char *two = create("{\"user_id\": \"IN.1\", \"name\": \"Asha\", \"tags\": [\"b\"]}");
    run("SELECT lock_wallets(ARRAY['%s'::uuid]), merge_contacts('%s', ARRAY[%s, %s])", acme, acme,
        one, two);
    cr_assert_str_eq(member(two, "id"), one);
    cr_assert_str_eq(member(two, "tags"), "[\"a\",\"b\"]");
    cr_assert_str_eq(all_of("{\"name\": \"asha\"}"), "Asha");
    cr_assert_str_eq(all_of("{\"tag\": \"b\"}"), "Asha");
    run("SELECT change_contact(" ACTOR ", '%s', %s, '{\"name\": \"Usha\"}')", acme, two);
    cr_assert_str_eq(all_of("{}"), "Usha");
}

Test(kept_contacts, an_import_makes_changes_and_repeats)
{
    static const char import[] =
        "SELECT string_agg(outcome, ' ') FROM import_contacts(" ACTOR ", '%s', "
        "'{919800000001,919800000002,919800000001}', '{Asha,NULL,Usha}', '{en,NULL,NULL}', "
        "'{\"a, b\",NULL,c}')";
    acme = given_org_with_channel("1.00");
    cr_assert_str_eq(value(import, acme), "created created changed");
    cr_assert_str_eq(value("SELECT get_contact(org_id, id) ->> 'tags' FROM contacts WHERE phone = "
                           "'919800000001'"),
                     "[\"a\",\"b\",\"c\"]");
    cr_assert_str_eq(
        value(
            "SELECT k.name || language FROM contact_cards k JOIN contacts c ON c.id = k.contact_id "
            "WHERE phone = '919800000001'"),
        "Ushaen");
    cr_assert_str_eq(value(import, acme), "changed same changed"); // Asha, and Usha again
    assert_rows(rows("SELECT after -> 'imported' FROM audit_log WHERE object = 'contacts'"),
                "{\"changed\": 1, \"created\": 2}", "{\"same\": 1, \"changed\": 2}");
}

#define IMPORT(phones, names, tags)                                                                \
    "SELECT string_agg(outcome, ' ') FROM import_contacts(" ACTOR ", '%s', '" phones "', '" names  \
    "', array_fill(NULL::text, ARRAY[cardinality('" phones "'::text[])]), '" tags "')"

// Else a tag that was there makes room for one of the file's.
Test(kept_contacts, an_import_takes_no_tag_away)
{
    acme = given_org_with_channel("1.00");
    run("SELECT create_contact(" ACTOR
        ", '%s', jsonb_build_object('phone', '919800000001', 'name', "
        "'Asha', 'tags', (SELECT jsonb_agg('t' || i) FROM generate_series(10, 40) i))::json)",
        acme);
    static const char tags[] =
        "SELECT cardinality(tags), tags[1], tags[31], name FROM contact_cards";
    cr_assert_str_eq(value(IMPORT("{919800000001}", "{Usha}", "{\"a,b\"}"), acme), "full");
    assert_rows(rows(tags), "31, t10, t40, Asha");
    cr_assert_str_eq(value(IMPORT("{919800000001}", "{Usha}", "{a}"), acme), "changed");
    cr_assert_str_eq(value(IMPORT("{919800000001,919800000002,919800000001}", "{Usha,Ravi,NULL}",
                                  "{\"t40,a\",b,c}"),
                           acme),
                     "same created full");
    assert_rows(
        rows("SELECT cardinality(tags), tags[1], tags[32], name FROM contact_cards ORDER BY "
             "name"),
        "1, b, null, Ravi", "32, a, t40, Usha");
}

Test(kept_contacts, an_import_makes_one_of_the_two_forms_of_a_phone)
{
    acme = given_org_with_channel("1.00");
    cr_assert_str_eq(value(IMPORT("{5511987654321,551187654321,5511987654321}", "{Ana,NULL,Bia}",
                                  "{NULL,b,NULL}"),
                           acme),
                     "created changed changed");
    assert_rows(rows("SELECT c.phone, k.name, k.tags FROM contacts c JOIN contact_cards k ON "
                     "k.contact_id = c.id"),
                "5511987654321, Bia, {b}");
}

Test(kept_contacts, one_that_is_erased_is_nobody_s_any_more)
{
    acme = given_org_with_channel("9.00");
    const char *id = create("{\"phone\": \"919800000001\", \"name\": \"Asha\", \"tags\": [\"a\"], "
                            "\"language\": \"en\", \"attributes\": {\"a\": 1}}");
    run("SELECT opt_contact_out(" ACTOR ", '%s', %s, '{\"why\": \"Asha said so\"}')", acme, id);
    const char *message =
        given_message(.org = acme, .phone = "919800000001", .payload = "{\"a\": 1}");
    cr_assert_str_eq(
        value("SELECT forget_contact(" ACTOR ", '%s', %s) -> 'erased' ->> 'cancelled'", acme, id),
        "1");
    assert_told("not_found", "", "SELECT get_contact('%s', %s)", acme, id);
    cr_assert_str_eq(all_of("{}"), "");
    cr_assert_str_eq(number_of("contact_terms"), "0");
    cr_assert_str_eq(number_of("preferences"), "0");
    cr_assert_str_eq(number_of("contact_cards"), "0");
    cr_assert_str_eq(number_of("contacts WHERE num_nonnulls(phone, user_id, name) > 0"), "0");
    assert_rows(rows("SELECT actor FROM erasures"), "key:tg_test");
    // The janitor does the rest.
    run("SELECT finish_open_erasures(10)");
    cr_assert_str_eq(value("SELECT payload FROM messages WHERE id = '%s'", message), "{}");
    cr_assert_str_eq(value("SELECT finish_open_erasures(10)"), "1");
    cr_assert_str_eq(value("SELECT finish_open_erasures(10)"), "0");
    // Who comes again is somebody else, who has opted out still.
    assert_rows(accept_sends({.org = acme, .phone = "919800000001", .priority = "bulk"}),
                "contact_opted_out, null, 9.00, 0.20");
}
