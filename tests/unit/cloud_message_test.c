// The check of Cloud API messages, over bodies of every kind, bodies that must be refused, and each
// limit from both sides. JSON stands here with ' for ", so that it can be read.
#include "common/cloud/message.h"

#include "common/base/text.h"
#include "common/limits.h"
#include "common/words/phone.h"
#include "tests/corpus.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { JSON_MAX = 640, FIELD_MAX = 96, FILE_NAME_MAX = 64, SENDS = 73 };

static struct json_object *parse(const char *json)
{
    struct json_tokener *tokener = json_tokener_new_ex(TG_JSON_DEPTH_MAX);
    json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
    struct json_object *object = json_tokener_parse_ex(tokener, json, (int)strlen(json));
    cr_assert_eq(json_tokener_get_error(tokener), json_tokener_success, "bad test JSON: %s", json);
    json_tokener_free(tokener);
    return object;
}

// A message with this content: `content` (with ' for ") follows the recipient, and each @ in it is
// `fill`, `times` times over.
static struct json_object *given_message(const char *content, const char *fill, size_t times)
{
    TG_TEXT_AUTO json = {0};
    tg_text_append_string(&json, "{\"messaging_product\":\"whatsapp\",\"to\":\"919876543210\",");
    for (const char *c = content; *c; c++) {
        if (*c == '@')
            for (size_t i = 0; i < times; i++)
                tg_text_append_string(&json, fill);
        else
            tg_text_append(&json, *c == '\'' ? "\"" : c, 1);
    }
    tg_text_append_string(&json, "}");
    return parse(tg_text_string(&json));
}

static bool check(struct json_object *message, struct tg_cloud_message *out, struct tg_error *error)
{
    *error = (struct tg_error){0};
    return tg_cloud_message_check(message, out, error);
}

static void expect_accepted(struct json_object *message, const char *what)
{
    struct tg_cloud_message out;
    struct tg_error error;
    cr_expect(check(message, &out, &error), "%s: %s", what, error.message);
    json_object_put(message);
}

static void expect_refused(struct json_object *message, const char *field, const char *what)
{
    struct tg_cloud_message out;
    struct tg_error error;
    cr_expect_not(check(message, &out, &error), "accepted: %s", what);
    cr_expect_str_eq(error.code, "invalid_message");
    cr_expect_str_eq(error.field, field, "%s: field is \"%s\": %s", what, error.field,
                     error.message);
    cr_expect(strncmp(error.message, field, strlen(field)) == 0, "%s: %s", what, error.message);
    json_object_put(message);
}

// The bodies of tests/data/sends, and further ones, in which {{...}} stands for a phone number.

static struct json_object *parse_filled(const char *json)
{
    TG_TEXT_AUTO filled = {0};
    for (const char *open; (open = strstr(json, "{{")); json = strstr(open, "}}") + 2) {
        tg_text_append(&filled, json, (size_t)(open - json));
        tg_text_append_string(&filled, "919876543210");
    }
    tg_text_append_string(&filled, json);
    return parse(tg_text_string(&filled));
}

static void expect_body_accepted(const struct corpus_body *body, void *unused)
{
    (void)unused;
    expect_accepted(parse_filled(body->bytes), body->name);
}

Test(cloud_message, every_kind_of_body_is_accepted)
{
    cr_expect_eq(corpus_each("sends", expect_body_accepted, NULL), SENDS);
    corpus_each_further("sends", expect_body_accepted, NULL);
}

struct bad_file {
    char name[FILE_NAME_MAX];
    char field[FIELD_MAX];
};

static struct bad_file bad_files[] = {
    {"audio-with-caption.json", "audio.caption"},
    {"button-title-21.json", "interactive.action.buttons[0].reply.title"},
    {"buttons-4.json", "interactive.action.buttons"},
    {"buttons-same-id.json", "interactive.action.buttons[1].reply.id"},
    {"caption-1025.json", "image.caption"},
    {"contacts-empty.json", "contacts"},
    {"context-not-object.json", "context"},
    {"image-link-and-id.json", "image"},
    {"image-link-ftp.json", "image.link"},
    {"image-no-link-no-id.json", "image"},
    {"list-11-rows.json", "interactive.action.sections"},
    {"location-latitude-91.json", "location.latitude"},
    {"no-messaging-product.json", "messaging_product"},
    {"no-to.json", "to"},
    {"opaque-513.json", "biz_opaque_callback_data"},
    {"reaction-no-message-id.json", "reaction.message_id"},
    {"template-name-uppercase.json", "template.name"},
    {"template-no-language.json", "template.language"},
    {"text-4097.json", "text.body"},
    {"text-empty.json", "text.body"},
    {"text-missing.json", "text"},
    {"type-text-but-image-body.json", "text"},
    {"unknown-type.json", "type"},
    {"wrong-messaging-product.json", "messaging_product"},
};
enum { BAD_FILES = sizeof bad_files / sizeof *bad_files };

// These two are fit for Meta in every way but the number, which is judged when it is normalised.
static const char *const bad_numbers[] = {"to-not-a-number.json", "to-too-long.json"};
enum { BAD_NUMBERS = sizeof bad_numbers / sizeof *bad_numbers };

ParameterizedTestParameters(cloud_message, a_bad_body_is_refused_for_its_culprit)
{
    return cr_make_param_array(struct bad_file, bad_files, BAD_FILES);
}

static struct json_object *given_bad_file(const char *name)
{
    char *json = corpus_read("sends/bad", name, NULL);
    struct json_object *message = parse(json);
    free(json);
    return message;
}

ParameterizedTest(struct bad_file *bad, cloud_message, a_bad_body_is_refused_for_its_culprit)
{
    expect_refused(given_bad_file(bad->name), bad->field, bad->name);
}

static void expect_bad_number(struct json_object *message, const char *name)
{
    struct tg_cloud_message out;
    struct tg_error error;
    cr_assert(check(message, &out, &error), "%s: %s", name, error.message);
    char phone[TG_PHONE_SIZE];
    cr_expect_not(tg_phone_normalise(json_object_get_string(out.to),
                                     (size_t)json_object_get_string_len(out.to), "to", phone,
                                     &error),
                  "%s", name);
    cr_expect_str_eq(error.field, "to");
    json_object_put(message);
}

Test(cloud_message, a_bad_number_is_refused_when_it_is_normalised)
{
    for (size_t i = 0; i < BAD_NUMBERS; i++)
        expect_bad_number(given_bad_file(bad_numbers[i]), bad_numbers[i]);
}

// A further one is refused as well, wherever its fault is.
static void expect_body_refused(const struct corpus_body *body, void *unused)
{
    (void)unused;
    struct json_object *message = parse_filled(body->bytes);
    struct tg_cloud_message out;
    struct tg_error error;
    char phone[TG_PHONE_SIZE];
    if (check(message, &out, &error))
        cr_expect(out.to && !tg_phone_normalise(json_object_get_string(out.to),
                                                (size_t)json_object_get_string_len(out.to), "to",
                                                phone, &error),
                  "accepted: %s", body->name);
    json_object_put(message);
}

static void expect_known_bad_body(const struct corpus_body *body, void *unused)
{
    (void)unused;
    for (size_t i = 0; i < BAD_FILES; i++)
        if (strcmp(bad_files[i].name, body->name) == 0)
            return;
    for (size_t i = 0; i < BAD_NUMBERS; i++)
        if (strcmp(bad_numbers[i], body->name) == 0)
            return;
    cr_expect(false, "no test expects anything of %s", body->name);
}

Test(cloud_message, no_bad_body_is_forgotten)
{
    cr_expect_eq(corpus_each("sends/bad", expect_known_bad_body, NULL), BAD_FILES + BAD_NUMBERS);
    corpus_each_further("sends/bad", expect_body_refused, NULL);
}

// Limits: @ stands for the text that may have `max` characters, of any number of bytes.

struct limit {
    size_t max;
    bool may_be_empty;
    char field[FIELD_MAX];
    char content[JSON_MAX];
};

#define INTERACTIVE(kind, rest) "'type':'interactive','interactive':{'type':'" kind "'," rest "}"
#define BODY "'body':{'text':'b'},"
#define BUTTONS(reply) BODY "'action':{'buttons':[{'type':'reply','reply':{" reply "}}]}"
#define SECTIONS(sections) BODY "'action':{'button':'b','sections':[" sections "]}"
#define ROW "{'rows':[{'id':'1','title':'t'}]}"

static struct limit limits[] = {
    {4096, false, "text.body", "'type':'text','text':{'body':'@'}"},
    {1024, true, "image.caption", "'type':'image','image':{'id':'1','caption':'@'}"},
    {1024, true, "video.caption", "'type':'video','video':{'id':'1','caption':'@'}"},
    {1024, true, "document.caption", "'type':'document','document':{'id':'1','caption':'@'}"},
    {512, true, "biz_opaque_callback_data",
     "'type':'text','text':{'body':'b'},'biz_opaque_callback_data':'@'"},
    {1024, false, "interactive.body.text",
     INTERACTIVE("button",
                 "'body':{'text':'@'},"
                 "'action':{'buttons':[{'type':'reply','reply':{'id':'1','title':'t'}}]}")},
    {4096, false, "interactive.body.text",
     INTERACTIVE("list", "'body':{'text':'@'},'action':{'button':'b','sections':[" ROW "]}")},
    {1024, false, "interactive.body.text", INTERACTIVE("flow", "'body':{'text':'@'},'action':{}")},
    {60, false, "interactive.header.text",
     INTERACTIVE("flow", BODY "'header':{'type':'text','text':'@'},'action':{}")},
    {60, false, "interactive.footer.text",
     INTERACTIVE("flow", BODY "'footer':{'text':'@'},'action':{}")},
    {256, false, "interactive.action.buttons[0].reply.id",
     INTERACTIVE("button", BUTTONS("'id':'@','title':'t'"))},
    {20, false, "interactive.action.buttons[0].reply.title",
     INTERACTIVE("button", BUTTONS("'id':'1','title':'@'"))},
    {20, false, "interactive.action.button",
     INTERACTIVE("list", BODY "'action':{'button':'@','sections':[" ROW "]}")},
    {24, false, "interactive.action.sections[0].title",
     INTERACTIVE("list", SECTIONS("{'title':'@','rows':[{'id':'1','title':'t'}]}"))},
    {200, false, "interactive.action.sections[0].rows[0].id",
     INTERACTIVE("list", SECTIONS("{'rows':[{'id':'@','title':'t'}]}"))},
    {24, false, "interactive.action.sections[0].rows[0].title",
     INTERACTIVE("list", SECTIONS("{'rows':[{'id':'1','title':'@'}]}"))},
    {72, true, "interactive.action.sections[0].rows[0].description",
     INTERACTIVE("list", SECTIONS("{'rows':[{'id':'1','title':'t','description':'@'}]}"))},
};

ParameterizedTestParameters(cloud_message, a_limit_counts_characters)
{
    return cr_make_param_array(struct limit, limits, sizeof limits / sizeof *limits);
}

ParameterizedTest(struct limit *limit, cloud_message, a_limit_counts_characters)
{
    static const char *const characters[] = {"x", "é", "😀"};
    for (size_t i = 0; i < sizeof characters / sizeof *characters; i++) {
        expect_accepted(given_message(limit->content, characters[i], limit->max), limit->field);
        expect_refused(given_message(limit->content, characters[i], limit->max + 1), limit->field,
                       limit->content);
    }
    if (limit->may_be_empty)
        expect_accepted(given_message(limit->content, "", 0), limit->field);
    else
        expect_refused(given_message(limit->content, "", 0), limit->field, limit->content);
}

Test(cloud_message, an_error_tells_the_limit)
{
    struct json_object *message = given_message("'type':'text','text':{'body':'@'}", "x", 4097);
    struct tg_cloud_message out;
    struct tg_error error;
    cr_assert_not(check(message, &out, &error));
    cr_expect_str_eq(error.message, "text.body must have at most 4096 characters");
    json_object_put(message);
}

// What is refused, and the field that is named.

struct refused {
    char field[FIELD_MAX];
    char content[JSON_MAX];
};

#define REPLY(id) "{'type':'reply','reply':{'id':'" id "','title':'t'}}"
#define TEXT "'text':{'body':'b'}"
#define ROWS_OF_5(p)                                                                               \
    "{'id':'" p "1','title':'t'},{'id':'" p "2','title':'t'},{'id':'" p "3','title':'t'},"         \
    "{'id':'" p "4','title':'t'},{'id':'" p "5','title':'t'}"
#define PRODUCTS_OF_5                                                                              \
    "{'product_retailer_id':'1'},{'product_retailer_id':'1'},{'product_retailer_id':'1'},"         \
    "{'product_retailer_id':'1'},{'product_retailer_id':'1'}"
#define PRODUCT_LIST(sections)                                                                     \
    INTERACTIVE("product_list", BODY "'header':{'type':'text','text':'h'},'action':{"              \
                                     "'catalog_id':'1','sections':[" sections "]}")

// A template whose body has that text as its parameter.
#define PARAMETERS(text)                                                                           \
    "'type':'template','template':{'name':'n','language':{'code':'en'},'components':[{'type':"     \
    "'body','parameters':[{'type':'text','text':'" text "'}]}]}"

static struct refused refusals[] = {
    {"to", "'to':5,'type':'text'," TEXT},
    {"to", "'to':null,'type':'text'," TEXT},
    {"recipient", "'recipient':7,'type':'text'," TEXT},
    {"recipient", "'to':null,'recipient':7,'type':'text'," TEXT},
    {"recipient_type", "'recipient_type':'crowd','type':'text'," TEXT},
    {"type", "'type':1," TEXT},
    {"type", "'type':'TEXT'," TEXT},
    {"text", "'type':'text','text':'b'"},
    {"text", "'type':'text','text':null"},
    {"text", "'status':'read','message_id':'wamid.x'"},
    {"text.body", "'type':'text','text':{'body':4}"},
    {"text.body", "'type':'text','text':{}"},
    {"text.preview_url", "'type':'text','text':{'body':'b','preview_url':'true'}"},
    {"context.message_id", "'type':'text'," TEXT ",'context':{}"},
    {"context.message_id", "'type':'text'," TEXT ",'context':{'message_id':4}"},
    {"biz_opaque_callback_data", "'type':'text'," TEXT ",'biz_opaque_callback_data':{}"},
    {"image.link", "'type':'image','image':{'link':''}"},
    {"image.link", "'type':'image','image':{'link':'https://'}"},
    {"image.link", "'type':'image','image':{'link':'https:///a.jpg'}"},
    {"image.link", "'type':'image','image':{'link':'http://:80/a.jpg'}"},
    {"image.link", "'type':'image','image':{'link':'http://user@/a.jpg'}"},
    {"image.link", "'type':'image','image':{'link':'http://a b/a.jpg'}"},
    {"image.link", "'type':'image','image':{'link':'example.com/a.jpg'}"},
    {"image.link", "'type':'image','image':{'link':'javascript://example.com'}"},
    {"image.link", "'type':'image','image':{'link':4}"},
    {"image.id", "'type':'image','image':{'id':''}"},
    {"image.id", "'type':'image','image':{'id':4}"},
    {"image.filename", "'type':'image','image':{'id':'1','filename':'a.jpg'}"},
    {"sticker.caption", "'type':'sticker','sticker':{'id':'1','caption':'c'}"},
    {"document.filename", "'type':'document','document':{'id':'1','filename':4}"},
    {"location.longitude", "'type':'location','location':{'latitude':1}"},
    {"location.longitude", "'type':'location','location':{'latitude':1,'longitude':-180.01}"},
    {"location.latitude", "'type':'location','location':{'latitude':'north','longitude':0}"},
    {"location.latitude", "'type':'location','location':{'latitude':'','longitude':0}"},
    {"location.latitude", "'type':'location','location':{'latitude':'-90.1','longitude':0}"},
    {"location.latitude", "'type':'location','location':{'latitude':true,'longitude':0}"},
    {"location.latitude", "'type':'location','location':{'latitude':1e999,'longitude':0}"},
    {"contacts", "'type':'contacts','contacts':{'name':{'formatted_name':'n'}}"},
    {"contacts[0]", "'type':'contacts','contacts':['n']"},
    {"contacts[1].name", "'type':'contacts','contacts':[{'name':{'formatted_name':'n'}},{}]"},
    {"contacts[0].name.formatted_name", "'type':'contacts','contacts':[{'name':{}}]"},
    {"template.name", "'type':'template','template':{'language':{'code':'en'}}"},
    {"template.name", "'type':'template','template':{'name':'','language':{'code':'en'}}"},
    {"template.language.code", "'type':'template','template':{'name':'n','language':{}}"},
    {"template.language", "'type':'template','template':{'name':'n','language':'en'}"},
    {"template.components",
     "'type':'template','template':{'name':'n','language':{'code':'en'},'components':{}}"},
    {"template.components[0].parameters[1].text",
     PARAMETERS("a', 'type':'text'},{'type':'text','text':'b\\nc")},
    {"template.components[0].parameters[0].text", PARAMETERS("\\ta")},
    {"template.components[0].parameters[0].text", PARAMETERS("a     b")},
    {"template.components[0].parameters[0].text", PARAMETERS("")},
    {"template.components[1].cards[0].components[0].parameters[0].text",
     "'type':'template','template':{'name':'n','language':{'code':'en'},'components':[{'type':"
     "'body'},{'type':'carousel','cards':[{'card_index':0,'components':[{'type':'body',"
     "'parameters':[{'type':'text','text':'a\\rb'}]}]}]}]}"},
    {"reaction.emoji", "'type':'reaction','reaction':{'message_id':'wamid.x'}"},
    {"pin", "'type':'pin','pin':'wamid.x'"},
    {"interactive.type", "'type':'interactive','interactive':{}"},
    {"interactive.type", "'type':'interactive','interactive':{'type':4}"},
    {"interactive.body", INTERACTIVE("button", "'action':{'buttons':[" REPLY("1") "]}")},
    {"interactive.action", INTERACTIVE("button", "'body':{'text':'b'}")},
    {"interactive.action.buttons", INTERACTIVE("button", BODY "'action':{'buttons':[]}")},
    {"interactive.action.buttons[0].type",
     INTERACTIVE("button", BODY "'action':{'buttons':[{'type':'url'}]}")},
    {"interactive.action.buttons[2].reply.id",
     INTERACTIVE("button",
                 BODY "'action':{'buttons':[" REPLY("1") "," REPLY("2") "," REPLY("2") "]}")},
    {"interactive.header.type", INTERACTIVE("flow", BODY "'header':{},'action':{}")},
    {"interactive.header.image", INTERACTIVE("flow", BODY "'header':{'type':'image'},'action':{}")},
    {"interactive.header.video.link",
     INTERACTIVE("flow", BODY "'header':{'type':'video','video':{'link':'x'}},'action':{}")},
    {"interactive.footer.text", INTERACTIVE("flow", BODY "'footer':{},'action':{}")},
    {"interactive.action.sections", INTERACTIVE("list", SECTIONS(""))},
    {"interactive.action.sections",
     INTERACTIVE("list", SECTIONS(ROW "," ROW "," ROW "," ROW "," ROW "," ROW "," ROW "," ROW
                                      "," ROW "," ROW "," ROW))},
    {"interactive.action.sections[0].rows", INTERACTIVE("list", SECTIONS("{'rows':[]}"))},
    {"interactive.action.sections[0].title", INTERACTIVE("list", SECTIONS(ROW "," ROW))},
    {"interactive.action.sections",
     INTERACTIVE("list",
                 SECTIONS("{'title':'a','rows':[" ROWS_OF_5(
                     "a") "]},{'title':'b','rows':[" ROWS_OF_5("b") ",{'id':'c','title':'t'}]}"))},
    {"interactive.action.sections[1].rows[0].id",
     INTERACTIVE("list", SECTIONS("{'title':'a','rows':[{'id':'1','title':'t'}]},"
                                  "{'title':'b','rows':[{'id':'1','title':'t'}]}"))},
    {"interactive.header", INTERACTIVE("product", "'header':{'type':'text','text':'h'},'action':{"
                                                  "'catalog_id':'1','product_retailer_id':'2'}")},
    {"interactive.action.product_retailer_id",
     INTERACTIVE("product", "'action':{'catalog_id':'1'}")},
    {"interactive.header", INTERACTIVE("product_list", BODY "'action':{'catalog_id':'1'}")},
    {"interactive.action.sections[0].product_items[0].product_retailer_id",
     PRODUCT_LIST("{'product_items':[{'id':'1'}]}")},
};

ParameterizedTestParameters(cloud_message, a_fault_is_refused_by_the_field_that_has_it)
{
    return cr_make_param_array(struct refused, refusals, sizeof refusals / sizeof *refusals);
}

ParameterizedTest(struct refused *refused, cloud_message,
                  a_fault_is_refused_by_the_field_that_has_it)
{
    expect_refused(given_message(refused->content, "@", 1), refused->field, refused->content);
}

struct accepted {
    char content[JSON_MAX];
};

static struct accepted acceptances[] = {
    {"'recipient_type':'group','type':'text'," TEXT},
    {"'to':null,'recipient':'IN.1A2B3C','type':'text'," TEXT},
    {"'to':'','recipient':'IN.1A2B3C','type':'text'," TEXT},
    {"'recipient':'IN.1A2B3C','type':'text'," TEXT},
    {"'type':'text','text':{'body':'b','preview_url':null},'context':null"},
    {"'type':'image','image':{'link':'https://example.com/a.jpg','id':null}"},
    {"'type':'image','image':{'link':'HTTP://user@example.com:8080?x=1'}"},
    {"'type':'audio','audio':{'id':'1','voice':true}"},
    {"'type':'document','document':{'id':'1','filename':'a.pdf','caption':'c'}"},
    {"'type':'location','location':{'latitude':-90,'longitude':180}"},
    {"'type':'location','location':{'latitude':'37.44216251868683','longitude':'-122.16'}"},
    {"'type':'reaction','reaction':{'message_id':'wamid.x','emoji':''}"},
    {"'type':'pin','pin':{'type':'pin','message_id':'wamid.x','expiration_days':7}"},
    {PARAMETERS("a    b")},
    {"'type':'template','template':{'name':'n','language':{'code':'en'},'components':[{'type':"
     "'body','parameters':[{'type':'text','text':true},{'type':'new','text':'a\\nb'},7]}]}"},
    {"'type':'template','template':{'name':'order_update-2','language':{'code':'en'},"
     "'components':[{'type':'order_status','new':1}]}"},
    {"'type':'interactive','interactive':{'type':'hologram_button','action':7}"},
    {INTERACTIVE("flow", BODY "'header':{'type':'hologram'},'action':{}")},
    {INTERACTIVE("flow", BODY "'header':{'type':'document','document':{'id':'1'}},'action':{}")},
    {INTERACTIVE("product", "'action':{'catalog_id':'1','product_retailer_id':'2'}")},
    {INTERACTIVE("button",
                 BODY "'action':{'buttons':[" REPLY("1") "," REPLY("2") "," REPLY("3") "]}")},
    {INTERACTIVE("list", SECTIONS("{'title':'a','rows':[" ROWS_OF_5(
                             "a") "]},"
                                  "{'title':'b','rows':[" ROWS_OF_5("b") "]}"))},
};

ParameterizedTestParameters(cloud_message, what_meta_takes_is_accepted)
{
    return cr_make_param_array(struct accepted, acceptances,
                               sizeof acceptances / sizeof *acceptances);
}

ParameterizedTest(struct accepted *accepted, cloud_message, what_meta_takes_is_accepted)
{
    expect_accepted(given_message(accepted->content, "@", 1), accepted->content);
}

Test(cloud_message, a_product_list_has_up_to_30_products)
{
    char content[4096];
    static const char section[] =
        "{'title':'s','product_items':[" PRODUCTS_OF_5 "," PRODUCTS_OF_5 "," PRODUCTS_OF_5 "]}";
    snprintf(content, sizeof content, PRODUCT_LIST("%s,%s"), section, section);
    expect_accepted(given_message(content, "", 0), "30 products");
    snprintf(content, sizeof content,
             PRODUCT_LIST("%s,%s,{'title':'s','product_items':[{'product_retailer_id':'1'}]}"),
             section, section);
    expect_refused(given_message(content, "", 0), "interactive.action.sections", "31 products");
}

Test(cloud_message, a_template_name_has_up_to_512_characters)
{
    const char *content = "'type':'template','template':{'name':'@','language':{'code':'en'}}";
    expect_accepted(given_message(content, "n", 512), "512");
    expect_refused(given_message(content, "n", 513), "template.name", "513");
}

// Stand-ins of Meta's examples.

Test(cloud_message, a_stand_in_is_not_judged)
{
    expect_accepted(given_message("'type':'template','template':{'name':'<TEMPLATE_NAME>',"
                                  "'language':{'code':'<CODE>'}}",
                                  "", 0),
                    "name");
    expect_accepted(given_message("'type':'image','image':{'link':'http(s)://image-url'}", "", 0),
                    "link");
    expect_accepted(
        given_message(INTERACTIVE("button", BUTTONS("'id':'1','title':'<@>'")), "T", 21), "title");
}

Test(cloud_message, only_a_short_single_word_is_a_stand_in)
{
    expect_refused(given_message("'type':'text','text':{'body':'<@>'}", "b", 4096), "text.body",
                   "long");
    expect_refused(
        given_message(INTERACTIVE("button", BUTTONS("'id':'1','title':'<@ @>'")), "t", 10),
        "interactive.action.buttons[0].reply.title", "two words");
    expect_refused(given_message("'type':'image','image':{'link':'<'}", "", 0), "image.link", "<");
}

// Types and receipts.

Test(cloud_message, the_type_recipient_and_number_come_back)
{
    struct json_object *message = given_message("'type':'text'," TEXT, "", 0);
    struct tg_cloud_message out;
    struct tg_error error;
    cr_assert(check(message, &out, &error), "%s", error.message);
    cr_expect_str_eq(out.type, "text");
    cr_expect_eq(out.to, json_object_object_get(message, "to"));
    cr_expect_null(out.recipient);
    json_object_put(message);

    message = given_message("'to':null,'recipient':'IN.1A2B3C','type':'text'," TEXT, "", 0);
    cr_assert(check(message, &out, &error), "%s", error.message);
    cr_expect_null(out.to);
    cr_expect_eq(out.recipient, json_object_object_get(message, "recipient"));
    json_object_put(message);
}

static void expect_inferred(const char *content, const char *type)
{
    struct json_object *message = given_message(content, "", 0);
    struct tg_cloud_message out;
    struct tg_error error;
    cr_assert(check(message, &out, &error), "%s", error.message);
    cr_expect_str_eq(out.type, type);
    struct json_object *added = json_object_object_get(message, "type");
    cr_expect(json_object_is_type(added, json_type_string));
    cr_expect_str_eq(json_object_get_string(added), type);
    json_object_put(message);
}

Test(cloud_message, an_absent_type_is_inferred_and_added)
{
    expect_inferred(TEXT, "text");
    expect_inferred("'type':null," TEXT, "text");
    expect_inferred("'image':{'id':'1'}", "image");
    expect_inferred("'contacts':[{'name':{'formatted_name':'n'}}]", "contacts");
    expect_inferred("'interactive':{'type':'list'," SECTIONS(ROW) "}", "interactive");
}

Test(cloud_message, without_type_or_object_a_text_is_missed)
{
    expect_refused(given_message("'recipient_type':'individual'", "", 0), "text", "nothing");
}

Test(cloud_message, a_string_with_a_nul_byte_is_no_known_type)
{
    expect_refused(given_message("'type':'text\\u0000'," TEXT, "", 0), "type", "NUL");
}

Test(cloud_message, a_message_is_an_object)
{
    expect_refused(parse("[]"), "", "array");
    expect_refused(NULL, "", "null");
}

static void expect_receipt(const char *json)
{
    struct json_object *message = parse(json);
    struct tg_cloud_message out;
    struct tg_error error;
    cr_assert(check(message, &out, &error), "%s", error.message);
    cr_expect_str_eq(out.type, "receipt");
    cr_expect_null(out.to);
    cr_expect_null(out.recipient);
    json_object_put(message);
}

#define RECEIPT "{\"messaging_product\":\"whatsapp\",\"status\":\"read\""

Test(cloud_message, a_status_without_recipient_is_a_receipt)
{
    expect_receipt(RECEIPT ",\"message_id\":\"wamid.x\"}");
    expect_receipt(RECEIPT ",\"message_id\":\"wamid.x\",\"typing_indicator\":{\"type\":\"text\"}}");
}

Test(cloud_message, a_status_does_not_make_a_message_with_recipient_free)
{
    expect_inferred("'status':'read','message_id':'wamid.x'," TEXT, "text");
}

Test(cloud_message, a_receipt_is_checked)
{
    expect_refused(parse(RECEIPT "}"), "message_id", "no message id");
    expect_refused(parse(RECEIPT ",\"message_id\":\"\"}"), "message_id", "empty message id");
    expect_refused(parse(RECEIPT ",\"message_id\":\"wamid.x\",\"typing_indicator\":{}}"),
                   "typing_indicator.type", "no type");
    expect_refused(parse(RECEIPT ",\"message_id\":\"wamid.x\",\"typing_indicator\":\"text\"}"),
                   "typing_indicator", "no object");
    expect_refused(parse("{\"messaging_product\":\"whatsapp\",\"status\":\"deleted\","
                         "\"message_id\":\"wamid.x\"}"),
                   "status", "unknown status");
}

Test(cloud_message, a_receipt_is_no_message_for_nothing)
{
    expect_refused(parse(RECEIPT ",\"message_id\":\"wamid.x\",\"type\":\"text\"}"), "type", "type");
    expect_refused(parse(RECEIPT ",\"message_id\":\"wamid.x\",\"text\":{\"body\":\"b\"}}"), "text",
                   "text");
    expect_refused(parse(RECEIPT ",\"message_id\":\"wamid.x\",\"template\":{}}"), "template",
                   "template");
    expect_receipt(RECEIPT ",\"message_id\":\"wamid.x\",\"something_new\":{\"a\":1}}");
}

// What the Graph API would do in place of sending, or beside it.
Test(cloud_message, control_words_of_the_graph_api_are_refused_by_name)
{
    static const char *const names[] = {"access_token", "Access_Token", "appsecret_proof",
                                        "batch",        "callback",     "fields",
                                        "format",       "ids",          "ids[0]",
                                        "method",       "METHOD",       "_method",
                                        "redirect",     "batch.0",      "include_headers",
                                        "id",           "debug",        "pretty",
                                        "jsonp",        "locale",       "suppress_http_code"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        TG_TEXT_AUTO content = {0};
        tg_text_append_format(&content, "'type':'text'," TEXT ",'%s':'x'", names[i]);
        expect_refused(given_message(tg_text_string(&content), "", 0), names[i], names[i]);
        TG_TEXT_AUTO receipt = {0};
        tg_text_append_format(&receipt, RECEIPT ",\"message_id\":\"wamid.x\",\"%s\":null}",
                              names[i]);
        expect_refused(parse(tg_text_string(&receipt)), names[i], names[i]);
    }
    expect_refused(given_message("'type':'text'," TEXT ",'access_token\\u0000':'x'", "", 0),
                   "access_token", "NUL");
}

Test(cloud_message, what_else_meta_may_add_passes)
{
    expect_accepted(
        given_message("'type':'text'," TEXT ",'category':'utility','messaging_account_id':'1',"
                      "'product_policy':'STRICT','message_activity_sharing':true,'ttl':5,"
                      "'methods':1,'identity':{'method':'x','access_token':'y'}",
                      "", 0),
        "new members");
}

// What Meta gets.

static void expect_written_to(struct json_object *message, const char *to)
{
    struct tg_cloud_message out;
    struct tg_error error;
    cr_assert(check(message, &out, &error), "%s", error.message);
    TG_TEXT_AUTO payload = {0};
    tg_cloud_message_write(message, tg_uuid7(), &payload);
    json_object_put(message);
    message = parse(tg_text_string(&payload));
    struct json_object *written = json_object_object_get(message, "to");
    cr_expect_str_eq(written ? json_object_get_string(written) : "", to);
    json_object_put(message);
}

Test(cloud_message, a_number_is_written_with_a_plus)
{
    expect_written_to(given_message("'type':'text'," TEXT, "", 0), "+919876543210");
    expect_written_to(
        given_message("'recipient_type':'individual','type':'text'," TEXT ",'context':null", "", 0),
        "+919876543210");
}

Test(cloud_message, what_is_no_number_is_written_as_it_is)
{
    expect_written_to(
        given_message("'recipient_type':'group','to':'Y2FwaV9ncm91cA','type':'text'," TEXT, "", 0),
        "Y2FwaV9ncm91cA");
    expect_written_to(given_message("'to':null,'recipient':'IN.1A2B3C','type':'text'," TEXT, "", 0),
                      "");
    expect_written_to(parse(RECEIPT ",\"message_id\":\"wamid.x\"}"), "");
}
