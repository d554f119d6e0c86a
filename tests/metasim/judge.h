// What Meta would say to a body posted to /messages: judged by Meta's description of its API and by
// what Meta's pages say beside it, written down as tables. Nothing of the gateway's own checks is
// in it, so that what the gateway wrongly lets through is refused here.
#pragma once

#include <json-c/json.h>
#include <stdbool.h>

enum addressee {
    TO_NOBODY, // a read receipt or typing indicator, which is no message
    TO_PHONE,
    TO_GROUP,
    TO_USER, // by a business-scoped user id
};

// What the judge has found a body to be. Texts are borrowed from the message.
struct judged {
    const char *type; // "text", "image", ...; "" of what is for nobody
    enum addressee addressee;
    const char *to; // as it stands in the body; "" of what is for nobody
};

struct objection {
    int code;          // Meta's
    char field[128];   // the culprit's path, such as "interactive.action.buttons[2].reply.title"
    char details[256]; // for a person, beginning with the path
};

// Judges a parsed body. A member that is null counts as absent; without a `type` it is a text, as
// Meta has it. Stand-ins of Meta's published examples (<TEMPLATE_NAME>, http(s)://image-url) pass
// as any text, since Meta's description holds for its own examples only so. Whether `to` is a
// number is not judged here but where it is read (phone.h). False: `objection` says why.
// Thread-safe as far as `message` is used by one thread only.
bool judge_message(struct json_object *message, struct judged *judged, struct objection *objection)
    __attribute__((warn_unused_result));
