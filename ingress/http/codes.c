#include "ingress/http/codes.h"

#include <stddef.h>
#include <string.h>

const struct code codes[] = {
    {"address_not_allowed", 403, 0, CHARGED_NOTHING,
     "the key is bound to networks, and the request comes from elsewhere",
     "use it from there; a proxy before Tollgate must stand in "
     "`TOLLGATE_TRUSTED_PROXIES`"},
    {"already_exists", 409, 0, CHARGED_NOTHING, "there is one of that name, or number",
     "choose another"},
    {"bad_signature", 401, 0, CHARGED_NOTHING,
     "a webhook without exactly one signature, or with a wrong one",
     "compare `TOLLGATE_APP_SECRETS` with the app's secret in Meta's dashboard"},
    {"body_too_large", 413, 0, CHARGED_NOTHING, "above the endpoint's bound",
     "send media by `link` or `id`, not within the body"},
    {"channel_not_found", 404, 0, CHARGED_NOTHING,
     "the org has no such number, or none that is active",
     "look at `channels`; `detail.field` names what was given"},
    {"channel_paused", 409, 0, CHARGED_NOTHING,
     "Meta refuses the number or its token, or somebody paused it",
     "the org's open row in `alerts` (`tollgatectl alert list`) says why; a new token "
     "sets going what Meta refused, `tollgatectl channel resume` what a person paused"},
    {"conflict", 409, 0, CHARGED_NOTHING,
     "it is not in a state in which that can be done; a session's cookie was "
     "exchanged less than a second ago",
     "`error` says why"},
    {"contact_opted_out", 409, 0, CHARGED_NOTHING, "a `bulk` message to who wants none",
     "do not send; START of the contact's ends it, or `POST /api/contacts/{id}/opt-in`"},
    {"database_not_ready", 503, 0, CHARGED_NOTHING,
     "the database is not prepared for this version: `deploy/migrate` has not run, or "
     "our role may call nothing",
     "come again; tell who runs Tollgate"},
    {"duplicate_header", 400, 0, CHARGED_NOTHING, "two `Authorization` headers", "send one"},
    {"duplicate_recipient", 409, 0, CHARGED_NOTHING,
     "of a line of a campaign: the same recipient stands on an earlier one, which `error` names",
     "nothing: it gets one message"},
    {"handshake_refused", 403, 0, CHARGED_NOTHING,
     "`hub.mode`, `hub.verify_token` or `hub.challenge` are not as they should be",
     "compare `TOLLGATE_VERIFY_TOKEN` with what Meta's dashboard has"},
    {"head_too_large", 414, 431, CHARGED_NOTHING,
     "the first line, or the headers, are too long (16 KiB in all)", "shorten them"},
    {"idempotency_conflict", 409, 0, CHARGED_NOTHING, "the key came with another body before",
     "a new key for a new message"},
    {"insecure_listener", 403, 0, CHARGED_NOTHING,
     "the admin listener is reached from other machines, where tokens could be read",
     "give it a loopback address or TLS, or `TOLLGATE_ADMIN_INSECURE=yes` on a "
     "private network"},
    {"insufficient_balance", 402, 0, CHARGED_NOTHING,
     "the wallet has less than the fee, or than all of a campaign; `detail` has `balance`, and "
     "`fee`, or "
     "`cost` and `missing`",
     "recharge (`tollgatectl wallet credit`)"},
    {"internal_error", 500, 0, CHARGED_NOTHING, "the database refused what should have worked",
     "the log says what; tell who runs Tollgate"},
    {"invalid_field", 400, 0, CHARGED_NOTHING,
     "a member or parameter has the wrong type or value, or contradicts another",
     "`error` says what it must be"},
    {"invalid_form", 400, 0, CHARGED_NOTHING,
     "the body is no form as its Content-Type says, or has too many fields, or a file where "
     "none is taken",
     "`error` says what; mend it"},
    {"invalid_header", 400, 0, CHARGED_NOTHING,
     "`Idempotency-Key` is empty, too long, not printable, or there twice", "mend it"},
    {"invalid_json", 400, 0, CHARGED_NOTHING,
     "the body is no JSON object, no UTF-8, too deep, or has too many values",
     "`error` has the byte"},
    {"invalid_message", 400, 0, CHARGED_NOTHING, "the message is none that Meta would take",
     "`detail.field` is its part, such as `payload.template.name`"},
    {"invalid_phone", 400, 0, CHARGED_NOTHING, "no number, or no country code that there is",
     "write `+` and all digits"},
    {"invalid_request", 400, 505, CHARGED_NOTHING,
     "not written as HTTP wants it, or so that it may be read in two ways; the "
     "connection is closed",
     "look at the client or the proxy"},
    {"key_required", 403, 0, CHARGED_NOTHING,
     "a session is begun with an API key, not with a JWT or another session", "send the key"},
    {"media_failed", 409, 0, CHARGED_NOTHING,
     "Meta did not hand out the file while it had it, or it is larger than the org wants any",
     "`GET /api/media` says why"},
    {"media_gone", 410, 0, CHARGED_NOTHING,
     "the file's time is over (`keep_media_for_s`), its contact was erased, or somebody has "
     "deleted it",
     ""},
    {"media_not_found", 404, 0, CHARGED_NOTHING,
     "the message names a kept file that the org has not", "look at `GET /api/media`"},
    {"media_quota", 409, 0, CHARGED_NOTHING,
     "the org's files take as many bytes as they may: `media_quota_bytes` of its settings, of "
     "which "
     "`media_bytes` are used",
     "delete some, keep them for less long (`keep_media_for_s`), or ask who runs Tollgate for more "
     "(`tollgatectl org set ORG --media-quota-bytes N`)"},
    {"media_waiting", 409, 0, CHARGED_NOTHING, "the file is still to be fetched from Meta",
     "come again; `GET /api/media` says when it is tried"},
    {"message_not_found", 404, 0, CHARGED_NOTHING,
     "a receipt for a message that did not come over this number",
     "`payload.message_id` must be the wamid of a received one"},
    {"meta_unavailable", 503, 0, CHARGED_NOTHING,
     "of a relayed call, or of a kept file that a message sends: Meta cannot be reached, or has "
     "answered nothing of use; nothing was done",
     "come again after `Retry-After`; `error` says why"},
    {"method_not_allowed", 405, 0, CHARGED_NOTHING, "the path has other methods: `Allow`",
     "use one of them"},
    {"missing_field", 400, 0, CHARGED_NOTHING, "something required is not there", "add it"},
    {"missing_right", 403, 0, CHARGED_NOTHING,
     "the caller may not do this; `detail.right` is the right that it lacks, of an "
     "operator `detail.role` the role",
     "use another key"},
    {"no_recipients", 400, 0, CHARGED_NOTHING,
     "a campaign with nobody whom it could reach; `detail.errors` says why, line by line",
     "mend the lines"},
    {"not_found", 404, 0, CHARGED_NOTHING, "no such path, message or org",
     "`detail.field` `path`: the path; else what `error` says"},
    {"not_trusted", 403, 0, CHARGED_NOTHING,
     "trusted mode, without a key: from a web page, under a foreign `Host` or through "
     "a proxy",
     "send a key; or docs/install.md, *To know*"},
    {"org_mismatch", 403, 0, CHARGED_NOTHING, "`org_id` is not the key's org",
     "leave `org_id` out"},
    {"org_not_found", 404, 0, CHARGED_NOTHING, "trusted mode: there is no such org", ""},
    {"org_suspended", 403, 0, CHARGED_NOTHING, "the org is suspended",
     "who runs Tollgate sets it going (`tollgatectl org resume`)"},
    {"outcome_unknown", 503, 0, CHARGED_PERHAPS,
     "the database went away while it accepted the message; `detail.message_id`. Of a "
     "relayed call that changes something: Meta's answer never came",
     "ask for that id, or send again with the same `Idempotency-Key`; look at Meta whether "
     "it was done"},
    {"outside_window", 409, 0, CHARGED_NOTHING,
     "the contact has not written to the number for 24 hours, the message is no template, and "
     "the org's `outside_window` is `refuse`",
     "send a template"},
    {"overloaded", 503, 0, CHARGED_NOTHING, "too much is waiting or being read, of everybody's",
     "come again after `Retry-After`"},
    {"range_beyond", 416, 0, CHARGED_NOTHING, "the file ends before what `Range` wants",
     "`Content-Range` has its length"},
    {"refused_by_meta", 422, 0, CHARGED_NOTHING,
     "Meta refuses what it was asked for, or the kept file that a message sends: `error` has its "
     "words, and of the former `detail.meta` all of them",
     "do as it says"},
    {"send_failed", 500, 0, CHARGED_AS_TOLD,
     "with `Prefer: wait`: Meta refused the message; `detail` has it",
     "see what comes of a message, below; not a fault of the server"},
    {"template_disabled", 409, 0, CHARGED_NOTHING,
     "Meta has disabled the template, and the org's `template_check` is `refuse`, as with the "
     "following",
     "send another one; `GET /api/templates` tells how each is"},
    {"template_not_found", 409, 0, CHARGED_NOTHING,
     "the number's account has no such template in this language",
     "look at `GET /api/templates` for its names and languages"},
    {"template_parameters", 409, 0, CHARGED_NOTHING,
     "the message's header, body and buttons do not bring what the template wants; `error` says "
     "both",
     "bring what `parameters` of `GET /api/templates/{id}` says"},
    {"template_paused", 409, 0, CHARGED_NOTHING,
     "Meta has paused the template for its quality, for some hours",
     "send another one, or come again once it is `APPROVED`"},
    {"template_rejected", 409, 0, CHARGED_NOTHING, "Meta has rejected the template",
     "mend it: `reason` says why; or send another one"},
    {"token_not_opened", 503, 0, CHARGED_NOTHING,
     "of a relayed call, or of a kept file that a message sends: the gateway has not the key of "
     "the number's access token, or it does not open",
     "tell who runs Tollgate: docs/secrets.md"},
    {"too_late", 409, 0, CHARGED_NOTHING, "the message is `queued` or further",
     "nothing: it leaves, or has left"},
    {"too_many_requests", 429, 0, CHARGED_NOTHING,
     "the org, or the address, has its share of what waits; or its receipts come too "
     "fast; or the key has begun 100 sessions within an hour; or there were more "
     "calls a second than `TOLLGATE_RATE_PER_KEY`, `_PER_ORG`, `_PER_ADDRESS` allow, "
     "or wrong keys and links than `TOLLGATE_RATE_OF_FAILURES`",
     "come again after `Retry-After`, with fewer at once"},
    {"unauthorized", 401, 0, CHARGED_NOTHING, "no key, or an unknown or revoked one",
     "`Authorization: Bearer <key>`"},
    {"unavailable", 503, 0, CHARGED_NOTHING,
     "PostgreSQL, or for webhooks Redis, cannot be reached, or does no work now (a "
     "disk that is full, a database that was restored); or somebody's transaction "
     "holds the org's wallet",
     "come again; `/readyz` says what is missing, or the log why"},
    {"unexpected_body", 400, 0, CHARGED_NOTHING, "a body where none is taken", "leave it out"},
    {"unknown_field", 400, 0, CHARGED_NOTHING,
     "a member or parameter that there is not; `error` names the one that was perhaps "
     "meant",
     "mend its name"},
    {"unsupported_media_type", 415, 0, CHARGED_NOTHING,
     "`Content-Type` is not `application/json`, or there is a `Content-Encoding`; of a file: it is "
     "of a type that Meta does not take",
     "set it, or leave it out"},
    {"wrong_origin", 403, 0, CHARGED_NOTHING,
     "a session's cookie came from a page of another address, or a change from none",
     "call from a page of this address; a program has a key; a proxy must pass `Host` "
     "on"},
    {0},
};

int code_status(const char *name)
{
    const struct code *code = codes;
    while (code->name && strcmp(code->name, name) != 0)
        code++;
    return code->name ? code->status : 400;
}
