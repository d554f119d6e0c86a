#include "ingress/api/endpoints.h"

#include "common/crypto/digest.h"
#include "common/service/log.h"
#include "common/store/failure.h"
#include "common/store/sessions.h"
#include "ingress/http/answer.h"
#include "ingress/route/document.h"
#include "ingress/route/origin.h"
#include "ingress/who/api_key.h"

#include <string.h>

#define COOKIE_ATTRIBUTES "; Path=/; Secure; HttpOnly; SameSite=Strict"

static const char no_session[] = "There is no such session";

static void add_cookie(struct request *request, const struct tg_text *token)
{
    TG_TEXT_AUTO cookie = {0};
    tg_text_append_format(&cookie, "%s=%s%s; Max-Age=%d", SESSION_COOKIE, tg_text_string(token),
                          COOKIE_ATTRIBUTES, 12 * 60 * 60);
    request_add_header(request, "Set-Cookie", cookie.data);
}

static void answer_session(struct request *request, struct tg_pg *pg, enum tg_pg_status status,
                           bool found, struct tg_new_session *session, int good)
{
    struct tg_error error;
    request_add_header(request, "Cache-Control", "no-store");
    if (status == TG_PG_OK && found) {
        add_cookie(request, &session->token);
        answer_json(request, good, &session->document);
    } else if (status == TG_PG_OK) {
        answer_refusal(request, "not_found", NULL, no_session);
    } else {
        tg_store_failure(pg, status, &error);
        answer_error(request, &error);
    }
    tg_text_finish(&session->token);
    tg_text_finish(&session->document);
}

static void begin_session(struct tg_pg *pg, struct request *request, const struct identity *caller)
{
    struct tg_new_session session = {0};
    TG_TEXT_AUTO rights = {0};
    bool found = false;
    if (!document_knows_query(request))
        return;
    if (caller->proof != PROOF_KEY) {
        answer_refusal(request, "key_required", "Authorization",
                       "A session is begun with an API key");
        return;
    }
    right_list(caller->rights, &rights);
    enum tg_pg_status status = tg_store_begin_session(pg, caller->actor, caller->org_id,
                                                      tg_text_string(&rights), &found, &session);
    if (status == TG_PG_OK && !found) { // the key has just become another
        answer_refusal(request, "unauthorized", "Authorization", "Unknown API key");
        return;
    }
    if (found)
        tg_log(TG_LOG_INFO, "session_begun", TG_LOG_TEXT("caller", caller->actor),
               TG_LOG_ID("org_id", caller->org_id));
    answer_session(request, pg, status, found, &session, 201);
}

static void rotate_session(struct tg_pg *pg, struct request *request, const struct identity *caller)
{
    struct tg_new_session session = {0};
    bool found = false;
    enum tg_pg_status status = TG_PG_OK;
    if (!document_knows_query(request))
        return;
    if (caller->proof == PROOF_SESSION)
        status = tg_store_rotate_session(pg, caller->org_id, caller->session_id, &found, &session);
    answer_session(request, pg, status, found, &session, 200);
}

static void get_session(struct tg_pg *pg, struct request *request, const struct identity *caller)
{
    struct tg_text document = {0};
    bool found = false;
    enum tg_pg_status status = TG_PG_OK;
    if (!document_knows_query(request))
        return;
    if (caller->proof == PROOF_SESSION)
        status = tg_store_get_session(pg, caller->org_id, caller->session_id, &found, &document);
    document_answer(request, pg, status, found, &document, no_session);
}

static void end(struct tg_pg *pg, struct request *request, const struct identity *caller,
                struct tg_uuid org_id, struct tg_uuid session_id)
{
    struct tg_text document = {0};
    bool found = false;
    enum tg_pg_status status =
        tg_store_end_session(pg, caller->actor, org_id, session_id, &found, &document);
    document_answer(request, pg, status, found, &document, no_session);
}

static void end_own_session(struct tg_pg *pg, struct request *request,
                            const struct identity *caller)
{
    if (!document_knows_query(request))
        return;
    if (caller->proof != PROOF_SESSION) {
        answer_refusal(request, "not_found", NULL, no_session);
        return;
    }
    request_add_header(request, "Set-Cookie", SESSION_COOKIE "=" COOKIE_ATTRIBUTES "; Max-Age=0");
    end(pg, request, caller, caller->org_id, caller->session_id);
}

static void list_sessions(struct tg_pg *pg, struct request *request, const struct identity *caller)
{
    struct tg_uuid org_id;
    struct tg_text document = {0};
    bool found = false;
    if (!document_knows_query(request) || !document_org(request, caller, &org_id))
        return;
    enum tg_pg_status status = tg_store_list_sessions(pg, org_id, &found, &document);
    document_answer(request, pg, status, found, &document, no_session);
}

static void end_session(struct tg_pg *pg, struct request *request, const struct identity *caller)
{
    struct tg_uuid org_id;
    struct tg_uuid session_id;
    struct tg_span id = endpoint_segment(request, "id");
    if (!document_knows_query(request) || !document_org(request, caller, &org_id))
        return;
    if (tg_uuid_parse(id.data, id.length, &session_id))
        end(pg, request, caller, org_id, session_id);
    else
        answer_refusal(request, "invalid_field", "id", "The session id must be a UUID");
}

// A page for people. Its address is a secret until it is used: it is told to nobody (but the
// browser must say to us where the button's request comes from).
static void answer_page(struct request *request, int status, const char *text, const char *button)
{
    struct answer answer = {.status = status, .content_type = "text/html; charset=utf-8"};
    request_add_header(request, "Cache-Control", "no-store");
    request_add_header(request, "Referrer-Policy", "same-origin");
    request_add_header(request, "X-Content-Type-Options", "nosniff");
    request_add_header(request, "Content-Security-Policy",
                       "default-src 'none'; form-action 'self'; frame-ancestors 'none'; "
                       "base-uri 'none'");
    tg_text_append_format(&answer.body,
                          "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n"
                          "<meta name=\"robots\" content=\"noindex\">\n<title>Tollgate</title>\n"
                          "<h1>Tollgate</h1>\n<p>%s</p>\n%s</html>\n",
                          text, button);
    request_answer(request, &answer);
}

// Whoever fetches it, such as a preview of the mail that it came with: it does nothing.
static void show_link(void *context, struct request *request, const struct identity *caller)
{
    (void)context, (void)caller;
    answer_page(request, 200, "This link signs one person in, once.",
                "<form method=\"post\"><button>Sign in</button></form>\n");
}

// The button. A page of somebody else's must not press it: who reads it would be in an org that is
// not theirs.
static void use_link(struct tg_pg *pg, struct request *request, const struct identity *caller)
{
    struct tg_new_session session = {0};
    struct tg_error error;
    unsigned char hash[TG_SHA256_SIZE];
    struct tg_span token = endpoint_segment(request, "token");
    bool found = false;
    (void)caller;
    if (!origins_are_ours(request, &error)) {
        answer_error(request, &error);
        return;
    }
    if (!endpoint_may_try(request))
        return;
    tg_sha256(token.data, token.length, hash);
    enum tg_pg_status status = tg_store_use_console_link(pg, hash, &found, &session);
    if (status != TG_PG_OK && !tg_store_failure(pg, status, &error)) {
        answer_error(request, &error);
    } else if (found) {
        tg_log(TG_LOG_INFO, "console_link_used");
        add_cookie(request, &session.token);
        answer_page(request, 200, "You are signed in for twelve hours.", "");
    } else if (endpoint_may_fail(request)) {
        answer_page(request, 404, "This link is good no more: it was used, or it is too old.", "");
    }
    tg_text_finish(&session.token);
    tg_text_finish(&session.document);
}

const struct endpoint session_endpoints[] = {
    {.method = "POST",
     .path = "/api/session",
     .who = CALLER_ORG,
     .on_database = begin_session,
     .says = "Begins a session with an API key, whose rights it has.",
     .answer = "Session"},
    {.method = "GET",
     .path = "/api/session",
     .who = CALLER_ORG,
     .on_database = get_session,
     .says = "The session that asks.",
     .answer = "Session"},
    {.method = "DELETE",
     .path = "/api/session",
     .who = CALLER_ORG,
     .on_database = end_own_session,
     .says = "Ends the session that asks.",
     .answer = "Session"},
    {.method = "POST",
     .path = "/api/session/rotate",
     .who = CALLER_ORG,
     .on_database = rotate_session,
     .says = "Gives the session that asks another cookie.",
     .answer = "Session"},
    {.method = "GET",
     .path = "/api/sessions",
     .who = CALLER_ORG,
     .right = RIGHT_KEYS,
     ENDPOINT_QUERY("org_id"),
     .on_database = list_sessions,
     .says = "The org's sessions that are good, newest first.",
     .answer = "Sessions"},
    {.method = "DELETE",
     .path = "/api/sessions/{id}",
     .who = CALLER_ORG,
     .right = RIGHT_KEYS,
     ENDPOINT_QUERY("org_id"),
     .on_database = end_session,
     .says = "Ends one of the org's sessions.",
     .answer = "Session"},
    {0},
};

const struct endpoint link_endpoints[] = {
    {.method = "GET",
     .path = "/console/links/{token}",
     .who = CALLER_ANYBODY,
     .on_server = show_link,
     .says = "A page with the button that uses the link; nothing else does."},
    {.method = "POST",
     .path = "/console/links/{token}",
     .who = CALLER_ANYBODY,
     .on_database = use_link,
     .says = "Uses a one-time link: begins a session."},
    {0},
};
