#include "common/base/json.h"
#include "ingress/relay/media.h"
#include "ingress/relay/rewrite.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

#define GRAPH "https://graph.facebook.com"
#define OURS "http://127.0.0.1:3000"

// What is rewritten has nothing left to rewrite; what was JSON is; and no other byte has changed
// where no address of Graph's could be.
static void expect_rewritten(const struct tg_text *input)
{
    struct tg_error error;
    TG_TEXT_AUTO once = {0};
    TG_TEXT_AUTO twice = {0};
    rewrite_addresses(tg_text_span(input), GRAPH, OURS, "", &once);
    rewrite_addresses(tg_text_span(&once), GRAPH, OURS, "", &twice);
    FUZZ_HOLDS(fuzz_same(tg_text_span(&once), tg_text_span(&twice)));
    struct json_object *before = tg_json_parse(tg_text_string(input), input->length, &error);
    struct json_object *after = tg_json_parse(tg_text_string(&once), once.length, &error);
    FUZZ_HOLDS(!before || after);
    json_object_put(before);
    json_object_put(after);
    if (!memchr(tg_text_string(input), '"', input->length))
        FUZZ_HOLDS(fuzz_same(tg_text_span(input), tg_text_span(&once)));
}

static void expect_hidden(const struct tg_text *input)
{
    struct tg_text text = fuzz_text(tg_text_span(input));
    struct tg_text secret = {0};
    tg_text_append_string(&secret, "EAA");
    bool found = rewrite_hide(&text, &secret);
    FUZZ_HOLDS(found == (memmem(tg_text_string(input), input->length, "EAA", 3) != NULL));
    FUZZ_HOLDS(!memmem(tg_text_string(&text), text.length, "EAA", 3));
    FUZZ_HOLDS(text.length == input->length);
    tg_text_finish(&text);
    tg_text_finish(&secret);
}

// An address is at Meta only if a host of the list stands where one must.
static void expect_place(const struct tg_text *input)
{
    struct tg_media_place place;
    TG_TEXT_AUTO renamed = {0};
    const char *url = tg_text_string(input);
    if (tg_media_is_at_meta(url, "lookaside.fbsbx.com", GRAPH))
        FUZZ_HOLDS(strncasecmp(url, "https://lookaside.fbsbx.com/", 28) == 0 ||
                   strncmp(url, GRAPH "/", strlen(GRAPH) + 1) == 0);
    if (!tg_media_read(tg_text_span(input), &place))
        return;
    FUZZ_HOLDS(place.url.length > 0 && place.file_size >= 0);
    FUZZ_HOLDS(strlen(place.sha256) == 0 || strlen(place.sha256) == 64);
    tg_media_place_finish(&place);
    media_rename(tg_text_span(input), OURS "/x", &renamed);
    if (renamed.length > input->length) // more than is read, perhaps
        return;
    FUZZ_HOLDS(tg_media_read(tg_text_span(&renamed), &place));
    FUZZ_HOLDS(strcmp(place.url.data, OURS "/x") == 0);
    tg_media_place_finish(&place);
}

FUZZ_TARGET(relay)
{
    expect_rewritten(input);
    expect_hidden(input);
    expect_place(input);
}
