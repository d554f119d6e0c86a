// What the relay changes of what it passes on: addresses, and nothing else; where it fetches files
// from; and what its table lets through.
#include "common/limits.h"
#include "ingress/relay/asked.h"
#include "ingress/relay/media.h"
#include "ingress/relay/rewrite.h"
#include "ingress/relay/table.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#define GRAPH "https://graph.facebook.com"
#define OURS "https://gateway.example"

static const char *rewritten_with(const char *key, const char *json)
{
    static struct tg_text out;
    tg_text_clear(&out);
    rewrite_addresses((struct tg_span){json, strlen(json)}, GRAPH, OURS, key, &out);
    return tg_text_string(&out);
}

static const char *rewritten(const char *json)
{
    return rewritten_with("", json);
}

Test(relay, shows_a_client_its_own_key_where_meta_s_token_was)
{
    cr_expect_str_eq(rewritten_with("tg_k", "{\"next\":\"" GRAPH "/v23.0/1/x?access_token=EAAx&"
                                            "appsecret_proof=b&a=b\",\"b\":\"" GRAPH "/1?a\"}"),
                     "{\"next\":\"" OURS "/v23.0/1/x?access_token=tg_k&a=b\",\"b\":\"" OURS
                     "/1?a\"}");
}

Test(relay, makes_addresses_of_graph_s_its_own_and_shows_no_token_in_them)
{
    static const char *const cases[][2] = {
        {"{\"next\":\"https:\\/\\/graph.facebook.com\\/v23.0\\/1\\/message_templates?access_token="
         "EAAx&pretty=0&limit=25&after=c25\"}",
         "{\"next\":\"" OURS "/v23.0/1/message_templates?pretty=0&limit=25&after=c25\"}"},
        {"{\"previous\":\"" GRAPH "/v23.0/1/x?before=a&access_token=EAAx\"}",
         "{\"previous\":\"" OURS "/v23.0/1/x?before=a\"}"},
        {"[\"" GRAPH "/v1.0/1?access_token=a&appsecret_proof=b&ACCESS_TOKEN=c#access_token=d\"]",
         "[\"" OURS "/v1.0/1\"]"},
        {"[\"" GRAPH "?ids=1,2&a=b\"]", "[\"" OURS "?a=b\"]"},
        {"[\"\\u0068ttps://graph.facebook.com\\u002fv1.0\"]", "[\"" OURS "/v1.0\"]"},
        {"[\"HTTPS://Graph.Facebook.com/v1.0\"]", "[\"" OURS "/v1.0\"]"},
        {"[\"" GRAPH "/a\" , \"" GRAPH "/b\"] ", "[\"" OURS "/a\" , \"" OURS "/b\"] "},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        cr_expect_str_eq(rewritten(cases[i][0]), cases[i][1], "%s", rewritten(cases[i][0]));
}

// A number of 20 digits, an escape, a name that comes twice: who reads them is the client.
Test(relay, leaves_every_other_byte_as_it_is)
{
    static const char *const cases[] = {
        "",
        "{}",
        " {\"id\" : 12345678901234567890.10, \"a\":1,\"a\":\"\\u00e4\\/\\ud83d\\ude00\"}\n",
        "[\"https://graph.facebook.com.evil.example/v1.0?access_token=a\"]",
        "[\"https://graph.facebook.comevil/\",\"graph.facebook.com/\"]",
        "[\"http://graph.facebook.com/\"]",
        "[\"see https://graph.facebook.com/docs\"]",
        "[\"https://graph.facebook.com/ with blanks\"]",
        "[\"https://pps.whatsapp.net/v/t61?ccb=1&oh=2\"]",
        "[\"\\\"https://graph.facebook.com/\\\"\"]",
        // Not JSON at all.
        "<html>\"https",
        "\"",
        "\"\\",
        "[\"\\u00\"]",
        "[\"https:\\",
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        cr_expect_str_eq(rewritten(cases[i]), cases[i], "%s", rewritten(cases[i]));
}

Test(relay, hides_a_token_wherever_it_stands)
{
    struct tg_text token = {0};
    struct tg_text text = {0};
    tg_text_append_string(&token, "EAAx");
    tg_text_append_string(&text, "EAAxEAAx and EAAx, EAA");
    cr_expect(rewrite_hide(&text, &token));
    cr_expect_str_eq(text.data, "******** and ****, EAA");
    cr_expect_not(rewrite_hide(&text, &token));
    tg_text_clear(&token);
    cr_expect_not(rewrite_hide(&text, &token));
    tg_text_finish(&text);
    cr_expect_not(rewrite_hide(&text, &token));
    tg_text_finish(&token);
}

Test(relay, fetches_files_from_hosts_of_meta_s_alone)
{
    static const struct {
        const char *url;
        bool good;
    } cases[] = {
        {"https://lookaside.fbsbx.com/whatsapp_business/attachments/?mid=1&hash=2", true},
        {"https://LOOKASIDE.fbsbx.com/x", true},
        {"https://other.example/x", true},
        {GRAPH "/x", true},
        {GRAPH, false},
        {"https://lookaside.fbsbx.com", false},
        {"http://lookaside.fbsbx.com/x", false},
        {"ftp://lookaside.fbsbx.com/x", false},
        {"https://lookaside.fbsbx.com.evil.example/x", false},
        {"https://evil.example/lookaside.fbsbx.com", false},
        {"https://evil.example#lookaside.fbsbx.com/", false},
        {"https://lookaside.fbsbx.com@evil.example/x", false},
        {"https://a:b@lookaside.fbsbx.com/x", false},
        {"https://lookaside.fbsbx.com:8443/x", false},
        {"https://lookaside.fbsbx.com\\@evil.example/x", false},
        {"https://lookaside.fbsbx.com\t/x", false},
        {"https://127.0.0.1/x", false},
        {"https://[::1]/x", false},
        {"https:///x", false},
        {"//lookaside.fbsbx.com/x", false},
        {"/x", false},
        {"", false},
        {"https://graph.facebook.com:443@evil.example/x", false},
        {"https://graph.facebook.com.evil.example/x", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        cr_expect_eq(tg_media_is_at_meta(cases[i].url, "lookaside.fbsbx.com,other.example", GRAPH),
                     cases[i].good, "%s", cases[i].url);
    cr_expect_not(tg_media_is_at_meta("https://lookaside.fbsbx.com/x", "", GRAPH));
    // The simulator, beside us.
    cr_expect(tg_media_is_at_meta("http://127.0.0.1:8080/x", "", "http://127.0.0.1:8080"));
    cr_expect_not(tg_media_is_at_meta("http://127.0.0.1:80801/x", "", "http://127.0.0.1:8080"));
}

#define SHA "3f9d94d399fa61c191bc1d4ca71375a035cbb9b9f5b1088f0963f1c1ef5a1e6c"

static bool read(const char *json, struct tg_media_place *place)
{
    return tg_media_read((struct tg_span){json, strlen(json)}, place);
}

Test(relay, reads_where_meta_keeps_a_file)
{
    struct tg_media_place place;
    cr_assert(read(
        "{\"url\":\"https:\\/\\/a\\/b\",\"sha256\":\"" SHA "\",\"file_size\":\"303833\"}", &place));
    cr_expect_str_eq(place.url.data, "https://a/b");
    cr_expect_str_eq(place.sha256, SHA);
    cr_expect_eq(place.file_size, 303833);
    tg_media_place_finish(&place);
    cr_assert(read("{\"url\":\"u\",\"sha256\":\"short\",\"file_size\":-1}", &place));
    cr_expect_str_eq(place.sha256, "");
    cr_expect_eq(place.file_size, 0);
    tg_media_place_finish(&place);
    char longest[TG_MEDIA_URL_MAX + 16];
    for (size_t length = TG_MEDIA_URL_MAX; length <= TG_MEDIA_URL_MAX + 1; length++) {
        snprintf(longest, sizeof longest, "{\"url\":\"%0*d\"}", (int)length, 0);
        cr_expect_eq(read(longest, &place), length == TG_MEDIA_URL_MAX);
        tg_media_place_finish(&place);
    }
    static const char *const none[] = {
        "", "{}", "[]", "1", "{\"url\":1}", "{\"url\":\"\"}", "{\"data\":{\"url\":\"u\"}}"};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        cr_expect_not(read(none[i], &place), "%s", none[i]);
}

Test(relay, gives_a_file_another_address_and_nothing_else)
{
    static const char json[] = "{\"url\":\"https:\\/\\/a\\/b\",\"mime_type\":\"image\\/jpeg\","
                               "\"file_size\":303833,\"id\":\"1\"}";
    struct tg_text out = {0};
    media_rename((struct tg_span){json, sizeof json - 1}, OURS "/x", &out);
    cr_expect_str_eq(out.data, "{\"url\":\"" OURS "/x\",\"mime_type\":\"image/jpeg\","
                               "\"file_size\":303833,\"id\":\"1\"}");
    tg_text_finish(&out);
}

static struct media_name name_of(unsigned char org, const char *number, const char *id)
{
    struct media_name name = {.org_id = {{org}}};
    strcpy(name.phone_number_id, number);
    strcpy(name.id, id);
    return name;
}

Test(relay, remembers_files_of_each_org_and_number_apart)
{
    struct media_places *places = media_places_create();
    const struct media_name name = name_of(1, "10", "100");
    const struct media_name others[] = {name_of(2, "10", "100"), name_of(1, "11", "100"),
                                        name_of(1, "10", "101")};
    struct tg_media_place place = {.file_size = 7};
    tg_text_append_string(&place.url, "https://a/b");
    media_places_keep(places, &name, &place);
    cr_expect_null(place.url.data);
    cr_assert(media_places_find(places, &name));
    cr_expect_eq(media_places_find(places, &name)->file_size, 7);
    for (size_t i = 0; i < 3; i++)
        cr_expect_null(media_places_find(places, &others[i]));
    for (size_t i = 0; i < 3; i++)
        media_places_forget(places, &others[i]);
    cr_assert(media_places_find(places, &name));
    media_places_forget(places, &name);
    cr_expect_null(media_places_find(places, &name));
    media_places_destroy(places);
}

// What changes something asks for more than reading it; and none lets a session or nobody in.
Test(relay, has_a_table_in_which_who_reads_changes_nothing)
{
    size_t n = 0;
    for (const struct endpoint *row = relay_endpoints; row->method; row++, n++) {
        const struct relay_task *task = row->task;
        bool reads = strcmp(row->method, "GET") == 0;
        cr_expect(task && task->name && row->says && row->manner, "%s %s", row->method, row->path);
        cr_expect_eq(row->who, CALLER_ORG);
        cr_expect_eq(row->right == RIGHT_READ, reads, "%s %s", row->method, row->path);
        cr_expect_eq(strncmp(row->path, "[/{version}]/", 13), 0, "%s", row->path);
        cr_expect_eq(row->body == BODY_NONE, strcmp(row->method, "POST") != 0);
    }
    cr_expect_geq(n, 16);
}
