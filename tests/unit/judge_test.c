// The simulator's judge: what it refuses, with which of Meta's codes and naming what, and what it
// takes. JSON stands here with ' for ", so that it can be read.
#include "tests/metasim/judge.h"

#include "common/base/text.h"
#include "tests/corpus.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    FILE_NAME_MAX = 64,
    FIELD_MAX = 96,
    JSON_MAX = 800,
    UNEXPECTED = 100,
    MISSING = 131008,
    WRONG = 131009,
    UNKNOWN_TYPE = 131051,
};

// `json` with " for ', "n" `times` times over for ~, and a phone number for {{...}}.
static struct json_object *parse(const char *json, size_t times)
{
    TG_TEXT_AUTO text = {0};
    for (const char *c = json; *c; c++) {
        for (size_t i = 0; *c == '~' && i < times; i++)
            tg_text_append_string(&text, "n");
        if (strncmp(c, "{{", 2) == 0) {
            tg_text_append_string(&text, "919876543210");
            c = strstr(c, "}}") + 1;
        } else if (*c != '~') {
            tg_text_append(&text, *c == '\'' ? "\"" : c, 1);
        }
    }
    struct json_object *message = json_tokener_parse(tg_text_string(&text));
    cr_assert(message || strcmp(json, "null") == 0, "bad test JSON: %s", tg_text_string(&text));
    return message;
}

// A message to somebody with this content.
static struct json_object *given(const char *content, size_t times)
{
    TG_TEXT_AUTO json = {0};
    tg_text_append_format(&json, "{'messaging_product':'whatsapp','to':'+919876543210',%s}",
                          content);
    return parse(tg_text_string(&json), times);
}

static void expect_taken(struct json_object *message, const char *what)
{
    struct judged judged;
    struct objection objection;
    cr_expect(judge_message(message, &judged, &objection), "%s: %s", what, objection.details);
    json_object_put(message);
}

static void expect_refused(struct json_object *message, int code, const char *field,
                           const char *what)
{
    struct judged judged;
    struct objection objection;
    cr_expect_not(judge_message(message, &judged, &objection), "taken: %s", what);
    cr_expect_eq(objection.code, code, "%s: %d %s", what, objection.code, objection.details);
    cr_expect_str_eq(objection.field, field, "%s: %s", what, objection.details);
    cr_expect(strncmp(objection.details, field, strlen(field)) == 0, "%s: %s", what,
              objection.details);
    json_object_put(message);
}

// The bodies of tests/data.

// What names no type is a text to Meta, whatever else is in it; the gateway adds what it guesses.
static void expect_body_taken(const struct corpus_body *body, void *unused)
{
    (void)unused;
    struct json_object *message =
        strstr(body->bytes, "'") ? json_tokener_parse(body->bytes) : parse(body->bytes, 1);
    cr_assert(message, "%s", body->name);
    bool typed = json_object_object_get(message, "type") ||
                 json_object_object_get(message, "text") ||
                 json_object_object_get(message, "status");
    if (typed)
        expect_taken(message, body->name);
    else
        expect_refused(message, MISSING, "text", body->name);
}

Test(judge, takes_every_kind_of_body)
{
    cr_expect_gt(corpus_each("sends", expect_body_taken, NULL), 0);
    corpus_each_further("sends", expect_body_taken, NULL);
}

struct bad_body {
    char name[FILE_NAME_MAX];
    int code;
    char field[FIELD_MAX];
};

static struct bad_body bad_bodies[] = {
    {"audio-with-caption.json", UNEXPECTED, "audio.caption"},
    {"button-title-21.json", WRONG, "interactive.action.buttons[0].reply.title"},
    {"buttons-4.json", WRONG, "interactive.action.buttons"},
    {"buttons-same-id.json", WRONG, "interactive.action.buttons[1].reply.id"},
    {"caption-1025.json", WRONG, "image.caption"},
    {"contacts-empty.json", WRONG, "contacts"},
    {"context-not-object.json", WRONG, "context"},
    {"image-link-and-id.json", WRONG, "image"},
    {"image-link-ftp.json", WRONG, "image.link"},
    {"image-no-link-no-id.json", MISSING, "image"},
    {"list-11-rows.json", WRONG, "interactive.action.sections"},
    {"location-latitude-91.json", WRONG, "location.latitude"},
    {"no-messaging-product.json", UNEXPECTED, "messaging_product"},
    {"no-to.json", MISSING, "to"},
    {"opaque-513.json", WRONG, "biz_opaque_callback_data"},
    {"reaction-no-message-id.json", MISSING, "reaction.message_id"},
    {"template-name-uppercase.json", WRONG, "template.name"},
    {"template-no-language.json", MISSING, "template.language"},
    {"text-4097.json", WRONG, "text.body"},
    {"text-empty.json", WRONG, "text.body"},
    {"text-missing.json", MISSING, "text"},
    {"type-text-but-image-body.json", MISSING, "text"},
    {"unknown-type.json", UNKNOWN_TYPE, "type"},
    {"wrong-messaging-product.json", UNEXPECTED, "messaging_product"},
};
enum { BAD_BODIES = sizeof bad_bodies / sizeof *bad_bodies };

ParameterizedTestParameters(judge, refuses_a_bad_body_for_its_culprit)
{
    return cr_make_param_array(struct bad_body, bad_bodies, BAD_BODIES);
}

ParameterizedTest(struct bad_body *bad, judge, refuses_a_bad_body_for_its_culprit)
{
    char *json = corpus_read("sends/bad", bad->name, NULL);
    expect_refused(json_tokener_parse(json), bad->code, bad->field, bad->name);
    free(json);
}

// What is wrong with the others is their number, which is read elsewhere (cloud_api_test.c).
static void expect_known(const struct corpus_body *body, void *unused)
{
    (void)unused;
    size_t i = 0;
    while (i < BAD_BODIES && strcmp(bad_bodies[i].name, body->name) != 0)
        i++;
    cr_expect(i < BAD_BODIES || strncmp(body->name, "to-", 3) == 0,
              "no test expects anything of %s", body->name);
}

Test(judge, forgets_no_bad_body)
{
    cr_expect_eq(corpus_each("sends/bad", expect_known, NULL), BAD_BODIES + 2);
    corpus_each_further("sends/bad", expect_known, NULL);
}

// Lengths: what is at its limit is taken, one character more is not.

#define INTERACTIVE(kind, rest) "'type':'interactive','interactive':{'type':'" kind "'," rest "}"
#define TEMPLATE(rest) "'type':'template','template':{'name':'n','language':{'code':'en'}," rest "}"
#define TEXT "'type':'text','text':{'body':'b'}"
#define BODY "'body':{'text':'b'}"
#define BUTTON(id, title) "{'type':'reply','reply':{'id':'" id "','title':'" title "'}}"
#define BUTTONS(all) INTERACTIVE("button", BODY ",'action':{'buttons':[" all "]}")
#define SECTIONS(all) INTERACTIVE("list", BODY ",'action':{'button':'b','sections':[" all "]}")
#define ROW(id) "{'id':'" id "','title':'t'}"
#define PRODUCTS(sections)                                                                         \
    INTERACTIVE("product_list", "'header':{'type':'text','text':'h'}," BODY                        \
                                ",'action':{'catalog_id':'1','sections':[" sections "]}")
#define FLOW(parameters)                                                                           \
    INTERACTIVE("flow", BODY ",'action':{'name':'flow','parameters':{'flow_message_version':'3'"   \
                             "," parameters "}}")
#define CONTACT(rest) "'type':'contacts','contacts':[{'name':{'formatted_name':'n'}," rest "}]"

struct limit {
    size_t max;
    char field[FIELD_MAX];
    char content[JSON_MAX];
};

static struct limit limits[] = {
    {4096, "text.body", "'type':'text','text':{'body':'~'}"},
    {512, "biz_opaque_callback_data", TEXT ",'biz_opaque_callback_data':'~'"},
    {1024, "image.caption", "'type':'image','image':{'id':'1','caption':'~'}"},
    {1024, "video.caption", "'type':'video','video':{'id':'1','caption':'~'}"},
    {1024, "document.caption", "'type':'document','document':{'id':'1','caption':'~'}"},
    {512, "template.name", "'type':'template','template':{'name':'~','language':{'code':'en'}}"},
    {32768, "template.components[0].parameters[0].text",
     TEMPLATE("'components':[{'type':'body','parameters':[{'type':'text','text':'~'}]}]")},
    {1024, "interactive.body.text",
     INTERACTIVE("button", "'body':{'text':'~'},'action':{'buttons':[" BUTTON("1", "t") "]}")},
    {4096, "interactive.body.text",
     INTERACTIVE("list", "'body':{'text':'~'},'action':{'button':'b','sections':[{'rows':[" ROW(
                             "1") "]}]}")},
    {60, "interactive.header.text",
     INTERACTIVE("button", "'header':{'type':'text','text':'~'}," BODY
                           ",'action':{'buttons':[" BUTTON("1", "t") "]}")},
    {60, "interactive.footer.text",
     INTERACTIVE("button",
                 "'footer':{'text':'~'}," BODY ",'action':{'buttons':[" BUTTON("1", "t") "]}")},
    {256, "interactive.action.buttons[0].reply.id", BUTTONS(BUTTON("~", "t"))},
    {20, "interactive.action.buttons[0].reply.title", BUTTONS(BUTTON("1", "~"))},
    {20, "interactive.action.button",
     INTERACTIVE("list", BODY ",'action':{'button':'~','sections':[{'rows':[" ROW("1") "]}]}")},
    {24, "interactive.action.sections[0].title", SECTIONS("{'title':'~','rows':[" ROW("1") "]}")},
    {200, "interactive.action.sections[0].rows[0].id", SECTIONS("{'rows':[" ROW("~") "]}")},
    {24, "interactive.action.sections[0].rows[0].title",
     SECTIONS("{'rows':[{'id':'1','title':'~'}]}")},
    {72, "interactive.action.sections[0].rows[0].description",
     SECTIONS("{'rows':[{'id':'1','title':'t','description':'~'}]}")},
    {30, "interactive.action.parameters.flow_cta", FLOW("'flow_id':'1','flow_cta':'~'")},
};

ParameterizedTestParameters(judge, counts_characters)
{
    return cr_make_param_array(struct limit, limits, sizeof limits / sizeof *limits);
}

ParameterizedTest(struct limit *limit, judge, counts_characters)
{
    expect_taken(given(limit->content, limit->max), limit->content);
    expect_refused(given(limit->content, limit->max + 1), WRONG, limit->field, limit->content);
}

Test(judge, counts_a_character_of_several_bytes_once)
{
    expect_taken(given(BUTTONS(BUTTON("1", "ääääääääääääääääääää")), 1), "20");
    expect_refused(given(BUTTONS(BUTTON("1", "äääääääääääääääääääää")), 1), WRONG,
                   "interactive.action.buttons[0].reply.title", "21");
}

// Meta's sources name different ones, and its examples none of these.
Test(judge, takes_whatever_a_number_of_a_contact_card_is_called)
{
    static const char *const types[] = {"HOME", "CELL", "IPHONE", "Landline"};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        TG_TEXT_AUTO content = {0};
        tg_text_append_format(&content, CONTACT("'phones':[{'phone':'1','type':'%s'}]"), types[i]);
        expect_taken(given(tg_text_string(&content), 1), types[i]);
    }
}

// What is refused, and for what.

struct refused {
    int code;
    char field[FIELD_MAX];
    char content[JSON_MAX];
};

#define ROWS_OF_5(p) ROW(p "1") "," ROW(p "2") "," ROW(p "3") "," ROW(p "4") "," ROW(p "5")
#define BUTTON_COMPONENT(rest) TEMPLATE("'components':[{'type':'button'," rest "}]")

static struct refused refusals[] = {
    {WRONG, "to", "'to':5," TEXT},
    {WRONG, "to", "'to':''," TEXT},
    {WRONG, "to", "'to':'\\u0661'," TEXT},
    {MISSING, "to", "'to':null," TEXT},
    {WRONG, "recipient", "'recipient':'919876543210'," TEXT},
    {WRONG, "recipient", "'recipient':7," TEXT},
    {UNEXPECTED, "recipient_type", "'recipient_type':'crowd'," TEXT},
    {WRONG, "type", "'type':1,'text':{'body':'b'}"},
    {UNKNOWN_TYPE, "type", "'type':'TEXT','text':{'body':'b'}"},
    {UNKNOWN_TYPE, "type", "'type':'text\\u0000','text':{'body':'b'}"},
    {WRONG, "to", "'to':'+919876543210\\u0000'," TEXT},
    {WRONG, "category", "'category':'marketing'," TEXT},
    {MISSING, "direct_send_config.template_name", "'direct_send_config':{}," TEXT},
    {WRONG, "text", "'type':'text','text':'b'"},
    {MISSING, "text.body", "'type':'text','text':{}"},
    {WRONG, "text.body", "'type':'text','text':{'body':4}"},
    {WRONG, "text.preview_url", "'type':'text','text':{'body':'b','preview_url':'true'}"},
    {UNEXPECTED, "text.preview", "'type':'text','text':{'body':'b','preview':true}"},
    {MISSING, "context.message_id", TEXT ",'context':{}"},
    {WRONG, "image.link", "'type':'image','image':{'link':'https://'}"},
    {WRONG, "image.link", "'type':'image','image':{'link':'http://:80/a.jpg'}"},
    {WRONG, "image.link", "'type':'image','image':{'link':'http://user@/a.jpg'}"},
    {WRONG, "image.link", "'type':'image','image':{'link':'http://a b/a.jpg'}"},
    {WRONG, "image.link", "'type':'image','image':{'link':'example.com/a.jpg'}"},
    {WRONG, "image.id", "'type':'image','image':{'id':''}"},
    {WRONG, "image.id", "'type':'image','image':{'id':4}"},
    {UNEXPECTED, "image.filename", "'type':'image','image':{'id':'1','filename':'a.jpg'}"},
    {UNEXPECTED, "sticker.caption", "'type':'sticker','sticker':{'id':'1','caption':'c'}"},
    {MISSING, "location.longitude", "'type':'location','location':{'latitude':1}"},
    {WRONG, "location.longitude",
     "'type':'location','location':{'latitude':1,'longitude':-180.01}"},
    {WRONG, "location.latitude", "'type':'location','location':{'latitude':'north','longitude':0}"},
    {WRONG, "location.latitude", "'type':'location','location':{'latitude':true,'longitude':0}"},
    {UNEXPECTED, "location.url",
     "'type':'location','location':{'latitude':1,'longitude':1,'url':'u'}"},
    {MISSING, "reaction.emoji", "'type':'reaction','reaction':{'message_id':'w'}"},
    {WRONG, "pin.expiration_days",
     "'type':'pin','pin':{'type':'pin','message_id':'w','expiration_days':31}"},
    {WRONG, "contacts[0]", "'type':'contacts','contacts':['n']"},
    {MISSING, "contacts[0].name", "'type':'contacts','contacts':[{}]"},
    {WRONG, "contacts", "'type':'contacts','contacts':[{},{},{},{},{},{}]"},
    {UNEXPECTED, "contacts[0].nick", CONTACT("'nick':'n'")},
    {WRONG, "contacts[0].birthday", CONTACT("'birthday':'18.8.2012'")},
    {WRONG, "contacts[0].phones[0].type", CONTACT("'phones':[{'phone':'1','type':1}]")},
    {MISSING, "contacts[0].emails[1].email", CONTACT("'emails':[{'email':'a@b'},{}]")},
    {WRONG, "template.language.policy",
     "'type':'template','template':{'name':'n','language':{'code':'en','policy':'fallback'}}"},
    {WRONG, "template.components", TEMPLATE("'components':{}")},
    {WRONG, "template.components[0].parameters[0].text",
     TEMPLATE("'components':[{'type':'body','parameters':[{'type':'text','text':'a\\nb'}]}]")},
    {WRONG, "template.components[0].type", TEMPLATE("'components':[{'type':'hologram'}]")},
    {WRONG, "template.components[0].parameters",
     TEMPLATE("'components':[{'type':'header','parameters':[]}]")},
    {MISSING, "template.components[0].parameters[0].text",
     TEMPLATE("'components':[{'type':'body','parameters':[{'type':'text'}]}]")},
    {WRONG, "template.components[0].parameters[0].type",
     TEMPLATE("'components':[{'type':'body','parameters':[{'type':'smell','smell':'s'}]}]")},
    {MISSING, "template.components[0].parameters[0].currency.amount_1000",
     TEMPLATE("'components':[{'type':'body','parameters':[{'type':'currency','currency':"
              "{'fallback_value':'1','code':'INR'}}]}]")},
    {UNEXPECTED, "template.components[0].parameters[0].image.caption",
     TEMPLATE("'components':[{'type':'header','parameters':[{'type':'image','image':"
              "{'id':'1','caption':'c'}}]}]")},
    {MISSING, "template.components[0].sub_type", BUTTON_COMPONENT("'index':'0'")},
    {WRONG, "template.components[0].index", BUTTON_COMPONENT("'sub_type':'url','index':'10'")},
    {MISSING, "template.components[0].parameters",
     BUTTON_COMPONENT("'sub_type':'url','index':'0'")},
    {MISSING, "template.components[0].parameters[0].payload",
     BUTTON_COMPONENT("'sub_type':'quick_reply','index':0,'parameters':[{'type':'payload'}]")},
    {MISSING, "interactive.type", "'type':'interactive','interactive':{}"},
    {WRONG, "interactive.type", INTERACTIVE("hologram_button", "'action':{}")},
    {MISSING, "interactive.body",
     INTERACTIVE("button", "'action':{'buttons':[" BUTTON("1", "t") "]}")},
    {MISSING, "interactive.body",
     INTERACTIVE("call_permission_request", "'action':{'name':'call_permission_request'}")},
    {MISSING, "interactive.action", INTERACTIVE("button", BODY)},
    {WRONG, "interactive.header.type",
     INTERACTIVE("button",
                 "'header':{'type':'gif'}," BODY ",'action':{'buttons':[" BUTTON("1", "t") "]}")},
    {MISSING, "interactive.header.image",
     INTERACTIVE("button",
                 "'header':{'type':'image'}," BODY ",'action':{'buttons':[" BUTTON("1", "t") "]}")},
    {WRONG, "interactive.action.buttons", BUTTONS("")},
    {WRONG, "interactive.action.buttons[0].type", BUTTONS("{'type':'url','reply':{}}")},
    {WRONG, "interactive.action.buttons[0].reply.id", BUTTONS(BUTTON(" 1", "t"))},
    {WRONG, "interactive.action.buttons[1].reply.title",
     BUTTONS(BUTTON("1", "t") "," BUTTON("2", "t"))},
    {WRONG, "interactive.action.sections[0].rows", SECTIONS("{'rows':[]}")},
    {MISSING, "interactive.action.sections[0].title",
     SECTIONS("{'rows':[" ROW("1") "]},{'rows':[" ROW("2") "]}")},
    {WRONG, "interactive.action.sections",
     SECTIONS("{'title':'a','rows':[" ROWS_OF_5("a") "]},{'title':'b','rows':[" ROWS_OF_5(
         "b") "," ROW("c") "]}")},
    {WRONG, "interactive.action.sections[1].rows[0].id",
     SECTIONS("{'title':'a','rows':[" ROW("1") "]},{'title':'b','rows':[" ROW("1") "]}")},
    {UNEXPECTED, "interactive.header",
     INTERACTIVE("product", "'header':{'type':'text','text':'h'},"
                            "'action':{'catalog_id':'1','product_retailer_id':'2'}")},
    {MISSING, "interactive.action.product_retailer_id",
     INTERACTIVE("product", "'action':{'catalog_id':'1'}")},
    {MISSING, "interactive.header",
     INTERACTIVE("product_list", BODY ",'action':{'catalog_id':'1'}")},
    {MISSING, "interactive.action.sections[0].product_items[0].product_retailer_id",
     PRODUCTS("{'product_items':[{'id':'1'}]}")},
    {WRONG, "interactive.action.name",
     INTERACTIVE("catalog_message", BODY ",'action':{'name':'x'}")},
    {MISSING, "interactive.action.parameters",
     INTERACTIVE("catalog_message", BODY ",'action':{'name':'catalog_message'}")},
    {MISSING, "interactive.action.parameters", FLOW("'flow_cta':'c'")},
    {WRONG, "interactive.action.parameters", FLOW("'flow_cta':'c','flow_id':'1','flow_name':'n'")},
    {WRONG, "interactive.action.parameters.mode",
     FLOW("'flow_cta':'c','flow_id':'1','mode':'secret'")},
    {WRONG, "interactive.action.parameters.url",
     INTERACTIVE("cta_url", BODY ",'action':{'name':'cta_url','parameters':{'display_text':'d',"
                                 "'url':'example.com'}}")},
};

ParameterizedTestParameters(judge, names_the_field_that_is_at_fault)
{
    return cr_make_param_array(struct refused, refusals, sizeof refusals / sizeof *refusals);
}

ParameterizedTest(struct refused *refused, judge, names_the_field_that_is_at_fault)
{
    expect_refused(given(refused->content, 1), refused->code, refused->field, refused->content);
}

Test(judge, refuses_what_is_no_object)
{
    expect_refused(parse("[]", 1), UNEXPECTED, "", "array");
    expect_refused(parse("null", 1), UNEXPECTED, "", "null");
}

Test(judge, takes_30_products_and_not_31)
{
    static const char products[] = "{'product_retailer_id':'1'}";
    TG_TEXT_AUTO items = {0};
    for (int i = 0; i < 30; i++)
        tg_text_append_format(&items, "%s%s", i > 0 ? "," : "", products);
    TG_TEXT_AUTO content = {0};
    tg_text_append_format(&content, PRODUCTS("{'product_items':[%s]}"), tg_text_string(&items));
    expect_taken(given(tg_text_string(&content), 1), "30");
    tg_text_clear(&content);
    tg_text_append_format(&content,
                          PRODUCTS("{'title':'a','product_items':[%s]},"
                                   "{'title':'b','product_items':[%s]}"),
                          tg_text_string(&items), products);
    expect_refused(given(tg_text_string(&content), 1), WRONG, "interactive.action.sections", "31");
}

// What is taken.

struct taken {
    char content[JSON_MAX];
};

static struct taken acceptances[] = {
    {"'text':{'body':'without a type'}"},
    {TEXT ",'something':{'new':1}"},
    {TEXT ",'context':null,'recipient_type':null"},
    {TEXT ",'category':'utility','direct_send_config':{'template_name':'n'}"},
    {TEXT ",'messaging_account_id':'1'"},
    {"'to':'+91 (98765) 43-210'," TEXT},
    {"'to':null,'recipient':'IN.1A2B3C'," TEXT},
    {"'recipient':'IN.ENT.1A2B3C'," TEXT},
    {"'recipient_type':'group','to':'Y2FwaV9ncm91cA=='," TEXT},
    {"'type':'image','image':{'link':'HTTP://user@example.com:8080?x=1'}"},
    {"'type':'audio','audio':{'id':'1','voice':true}"},
    {"'type':'location','location':{'latitude':'-90','longitude':180}"},
    {"'type':'reaction','reaction':{'message_id':'w','emoji':''}"},
    {"'type':'pin','pin':{'type':'pin','message_id':'w','expiration_days':30}"},
    {CONTACT("'birthday':'2012-08-18','org':{'company':'c'}")},
    {TEMPLATE("'components':[{'type':'body','parameters':[{'type':'text','text':true}]}]")},
    {TEMPLATE("'components':[{'type':'body'}]")},
    {BUTTON_COMPONENT(
        "'sub_type':'CATALOG','index':0,'parameters':[{'type':'action','action':{}}]")},
    {TEMPLATE("'components':[{'type':'carousel','cards':[{'card_index':0,'components':[{'type':"
              "'body','parameters':[{'type':'text','text':'t'}]}]}]}]")},
    {BUTTONS(BUTTON("1", "a") "," BUTTON("2", "b") "," BUTTON("3", "c"))},
    {INTERACTIVE("product", "'action':{'catalog_id':'1','product_retailer_id':'2'}")},
    {INTERACTIVE("location_request_message", BODY ",'action':{'name':'send_location'}")},
    {INTERACTIVE("request_contact_info", BODY ",'action':{'name':'request_contact_info'}")},
};

ParameterizedTestParameters(judge, takes_what_meta_takes)
{
    return cr_make_param_array(struct taken, acceptances, sizeof acceptances / sizeof *acceptances);
}

ParameterizedTest(struct taken *taken, judge, takes_what_meta_takes)
{
    expect_taken(given(taken->content, 1), taken->content);
}

Test(judge, does_not_judge_a_short_stand_in)
{
    expect_taken(given("'type':'template','template':{'name':'<TEMPLATE_NAME>',"
                       "'language':{'code':'<CODE>'}}",
                       1),
                 "name");
    expect_taken(given("'type':'image','image':{'link':'http(s)://image-url'}", 1), "link");
    expect_refused(given("'type':'text','text':{'body':'<~>'}", 4096), WRONG, "text.body", "long");
}

// Who gets it.

struct addressed {
    enum addressee addressee;
    char to[32];
    char type[16];
    char json[200];
};

#define PRODUCT "{'messaging_product':'whatsapp',"

static struct addressed addresses[] = {
    {TO_PHONE, "+91 98765", "text", PRODUCT "'to':'+91 98765'," TEXT "}"},
    {TO_PHONE, "+1", "text", PRODUCT "'to':'+1','recipient':'IN.1','text':{'body':'b'}}"},
    {TO_USER, "IN.1", "image", PRODUCT "'recipient':'IN.1','type':'image','image':{'id':'1'}}"},
    {TO_GROUP, "Y2Fw", "text", PRODUCT "'recipient_type':'group','to':'Y2Fw'," TEXT "}"},
    {TO_NOBODY, "", "", PRODUCT "'status':'read','message_id':'w'}"},
    {TO_NOBODY, "", "",
     PRODUCT "'status':'read','message_id':'w','typing_indicator':{'type':'text'}}"},
    {TO_PHONE, "+1", "text", PRODUCT "'status':'read','message_id':'w','to':'+1'," TEXT "}"},
};

ParameterizedTestParameters(judge, tells_who_gets_it)
{
    return cr_make_param_array(struct addressed, addresses, sizeof addresses / sizeof *addresses);
}

ParameterizedTest(struct addressed *addressed, judge, tells_who_gets_it)
{
    struct judged judged;
    struct objection objection;
    struct json_object *message = parse(addressed->json, 1);
    cr_assert(judge_message(message, &judged, &objection), "%s", objection.details);
    cr_expect_eq(judged.addressee, addressed->addressee);
    cr_expect_str_eq(judged.to, addressed->to);
    cr_expect_str_eq(judged.type, addressed->type);
    json_object_put(message);
}

Test(judge, judges_receipts)
{
    expect_refused(parse(PRODUCT "'status':'read'}", 1), MISSING, "message_id", "no message id");
    expect_refused(parse(PRODUCT "'status':'deleted','message_id':'w'}", 1), WRONG, "status",
                   "unknown status");
    expect_refused(parse(PRODUCT "'status':'read','message_id':'w','typing_indicator':{}}", 1),
                   MISSING, "typing_indicator.type", "no type");
}
