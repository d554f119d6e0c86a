// What the handlers that answer with a document of the database's have in common. Each function
// that returns false has answered the request.
#pragma once

#include "common/pg/pg.h"
#include "ingress/http/request.h"
#include "ingress/who/identity.h"

// Has the query no parameters but these? The names end in NULL.
bool document_knows(struct request *request, const char *const *names) TG_MUST_CHECK;

// Has it none but those that its endpoint's row says (.query)?
bool document_knows_query(struct request *request) TG_MUST_CHECK;

// The org that the request is about: the caller's own; ?org_id= names it in trusted mode.
bool document_org(struct request *request, const struct identity *caller,
                  struct tg_uuid *org_id) TG_MUST_CHECK;

// A parameter that is a number from 1 to `max`; absent leaves *value as it is.
bool document_number(struct request *request, const char *name, int64_t max,
                     int64_t *value) TG_MUST_CHECK;

// Answers with what a call on the connection has read; takes the document's bytes and empties it.
// What is not found is answered with `not_found`, a sentence.
void document_answer(struct request *request, const struct tg_pg *pg, enum tg_pg_status status,
                     bool found, struct tg_text *document, const char *not_found);
