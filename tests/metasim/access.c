#include "tests/metasim/access.h"

#include "tests/metasim/webhook_body.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { CODE_SERVICE = 2, CODE_PARAMETER = 100, CODE_TOKEN = 190 };

static bool refuse(struct access *access, int code, int http_status, const char *details)
{
    access->code = code;
    access->http_status = http_status;
    access->details = details;
    return false;
}

static bool read_token(const struct request *request, struct access *access)
{
    const char *shown = request->authorization;
    if (!shown || strncasecmp(shown, "Bearer ", 7) != 0)
        return refuse(access, CODE_TOKEN, 401,
                      "An access token is required to request this resource");
    if (strncmp(shown + 7, "EAA", 3) != 0 || strlen(shown + 7) >= sizeof access->token)
        return refuse(access, CODE_TOKEN, 401, "Invalid OAuth access token");
    snprintf(access->token, sizeof access->token, "%s", shown + 7);
    return true;
}

// An app may ask that each call proves to know its secret, by the HMAC of the token with it.
static bool check_proof(struct sim *sim, const struct request *request, struct access *access)
{
    char secret[SIM_WEBHOOK_SECRET_SIZE];
    char wanted[WEBHOOK_SIGNATURE_SIZE];
    // (Where files are is no call of an app's.)
    if (!sim_settings_get(&sim->settings, SETTING_WANTS_PROOF) ||
        strncmp(request->path, "/whatsapp_business/", 19) == 0)
        return true;
    TG_TEXT_AUTO token = {0};
    tg_text_append_string(&token, access->token);
    webhooks_secret(sim->webhooks, secret);
    webhook_body_sign(&token, secret, wanted);
    const char *given = request_argument(request, "appsecret_proof");
    if (given && strcmp(given, wanted + strlen("sha256=")) == 0)
        return true;
    access->title = given ? "Invalid appsecret_proof provided in the API argument"
                          : "API calls from the server require an appsecret_proof argument";
    return refuse(access, CODE_PARAMETER, 400, "");
}

bool access_check(struct sim *sim, const struct request *request, struct access *access)
{
    *access = (struct access){.code = 0};
    if (sim_settings_get(&sim->settings, SETTING_DOWN))
        return refuse(access, CODE_SERVICE, 503, "Service temporarily unavailable");
    if (!read_token(request, access))
        return false;
    if (estate_is_dead(&sim->estate, access->token))
        return refuse(access, CODE_TOKEN, 401,
                      "Error validating access token: the session has been invalidated");
    return check_proof(sim, request, access);
}
