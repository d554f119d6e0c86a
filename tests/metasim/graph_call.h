// Private to the graph calls: one on its way. The handlers run under the estate's lock.
#pragma once

#include "tests/metasim/access.h"

#include <json-c/json.h>

struct graph_call {
    struct sim *sim;
    struct estate *estate;
    const struct request *request;
    struct answer *answer;
    const char *version; // "v23.0"
    const char *id;      // in the path; "" if there is none
    const char *token;
    struct json_object *body; // of JSON, or of a form's fields; an empty one if there is none
};

// The answer is an error of Meta's.
void graph_refuse(struct graph_call *call, int http_status, int code, int subcode,
                  const char *title, const char *details);
// What is not there, or not the token's.
void graph_refuse_object(struct graph_call *call);
void graph_succeed(struct graph_call *call); // {"success": true}
// A member of the body, or an argument; NULL if there is none. Borrowed.
const char *graph_text(struct graph_call *call, const char *name);

// Appends the object with its fields, those alone that ?fields= names, if there is such an
// argument.
void graph_write_fields(struct graph_call *call, struct json_object *object, struct tg_text *out);

// graph_templates.c
void graph_list_templates(struct graph_call *call);
void graph_create_template(struct graph_call *call);
void graph_delete_templates(struct graph_call *call);
// False: there is none of that id.
bool graph_get_template(struct graph_call *call);
bool graph_edit_template(struct graph_call *call);

// graph_media.c
void graph_upload(struct graph_call *call);
bool graph_get_media(struct graph_call *call);
bool graph_delete_media(struct graph_call *call);
void graph_download(struct graph_call *call);
