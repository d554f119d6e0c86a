#include "common/store/contacts.h"
#include "common/limits.h"
#include "ingress/api/endpoints.h"
#include "ingress/api/imports.h"
#include "ingress/desk/desk.h"

enum { TAG_BYTES_MAX = 64, ATTRIBUTES_BYTES_MAX = 4096 };

static const struct desk_name of_contact[] = {{"id", DESK_THING_N}, {0}};

#define KEPT                                                                                       \
    {"name", .kind = DESK_TEXT, .clears = true}, {"language", .kind = DESK_TEXT, .clears = true},  \
        {"tags", .kind = DESK_TEXTS, .clears = true, .max = TAG_BYTES_MAX},                        \
    {                                                                                              \
        "attributes", .kind = DESK_OBJECT, .clears = true, .max = ATTRIBUTES_BYTES_MAX             \
    }
#define WISH                                                                                       \
    DESK_MEMBERS({"why", .kind = DESK_TEXT}, {"channel_id", .kind = DESK_ID},                      \
                 {"phone_number_id", .kind = DESK_TEXT})

const struct endpoint contact_endpoints[] = {
    {.method = "GET",
     .path = "/api/contacts",
     .who = CALLER_ORG,
     .right = RIGHT_READ,
     DESK_TASK(.call = &tg_list_contacts, .list = DESK_LIST_BY_MARK,
               .find = DESK_MEMBERS({"contact", .kind = DESK_CONTACT}, {"name", .kind = DESK_TEXT},
                                    {"tag", .kind = DESK_TEXT, .max = TAG_BYTES_MAX},
                                    {"opted_out", .kind = DESK_BOOL})),
     .says = "The org's contacts that fit, in pages.",
     .answer = "Contacts"},
    {.method = "POST",
     .path = "/api/contacts",
     .who = CALLER_ORG,
     .right = RIGHT_MANAGE,
     DESK_BODY,
     DESK_TASK(.call = &tg_create_contact, .status = 201,
               .members = DESK_MEMBERS({"phone", .kind = DESK_CONTACT},
                                       {"user_id", .kind = DESK_TEXT}, KEPT)),
     .says = "Makes a contact, before anything is said.",
     .request = "NewContact",
     .answer = "Contact"},
    {.method = "POST",
     .path = "/api/contacts/import",
     .who = CALLER_ORG,
     .right = RIGHT_MANAGE,
     .body = BODY_FILE,
     .body_max = TG_IMPORT_BYTES_MAX,
     ENDPOINT_QUERY("org_id"),
     .on_database = import_contacts,
     .says = "Keeps contacts of a file of comma-separated values, and says of which it cannot.",
     .request = "ContactFile",
     .answer = "Import"},
    {.method = "GET",
     .path = "/api/contacts/{id}",
     .who = CALLER_ORG,
     .right = RIGHT_READ,
     DESK_TASK(.call = &tg_get_contact, .path = of_contact),
     .says = "One contact.",
     .answer = "Contact"},
    {.method = "PATCH",
     .path = "/api/contacts/{id}",
     .who = CALLER_ORG,
     .right = RIGHT_MANAGE,
     DESK_BODY,
     DESK_TASK(.call = &tg_change_contact, .path = of_contact, .members = DESK_MEMBERS(KEPT)),
     .says = "Changes what the org keeps of a contact.",
     .request = "ContactChange",
     .answer = "Contact"},
    {.method = "POST",
     .path = "/api/contacts/{id}/opt-out",
     .who = CALLER_ORG,
     .right = RIGHT_MANAGE,
     DESK_BODY_OR_NONE,
     DESK_TASK(.call = &tg_opt_contact_out, .path = of_contact, .members = WISH),
     .says = "Records that a contact wants no bulk messages.",
     .request = "Wish",
     .answer = "Contact"},
    {.method = "POST",
     .path = "/api/contacts/{id}/opt-in",
     .who = CALLER_ORG,
     .right = RIGHT_MANAGE,
     DESK_BODY_OR_NONE,
     DESK_TASK(.call = &tg_opt_contact_in, .path = of_contact, .members = WISH),
     .says = "Records that a contact wants bulk messages again.",
     .request = "Wish",
     .answer = "Contact"},
    {.method = "DELETE",
     .path = "/api/contacts/{id}",
     .who = CALLER_ORG,
     .right = RIGHT_MANAGE,
     DESK_TASK(.call = &tg_forget_contact, .path = of_contact),
     .says = "Erases a contact, and what it said.",
     .answer = "Erasure"},
    {0},
};
