#include "common/store/contacts.h"

#include "common/limits.h"
#include "common/store/desk_calls.h"

READ(list_contacts, ORG, FOUND, PAGE_BY_MARK);
READ(get_contact, ORG, N("p_n"));
CHANGE(create_contact, ORG, BODY);
CHANGE(change_contact, ORG, N("p_n"), BODY);
CHANGE(opt_contact_out, ORG, N("p_n"), BODY);
CHANGE(opt_contact_in, ORG, N("p_n"), BODY);
CHANGE(forget_contact, ORG, N("p_n"));

static const char *const outcome_names[] = {
    [TG_IMPORT_SAME] = "same",
    [TG_IMPORT_CREATED] = "created",
    [TG_IMPORT_CHANGED] = "changed",
    [TG_IMPORT_FULL] = "full",
};

struct importer {
    const char *actor;
    struct tg_uuid org_id;
};

struct outcome {
    enum tg_import_outcome outcome;
};

static const struct tg_call import_contacts = {
    .name = "import_contacts",
    .one = TG_FIELDS(TEXT("p_actor", importer, actor), UUID("p_org_id", importer, org_id)),
    .each =
        TG_FIELDS(TEXT("p_phones", tg_imported, phone), TEXT("p_names", tg_imported, name),
                  TEXT("p_languages", tg_imported, language), TEXT("p_tags", tg_imported, tags)),
    .out = TG_FIELDS(WORD("outcome", outcome, outcome, outcome_names)),
};

enum tg_pg_status tg_store_import_contacts(struct tg_pg *pg, const char *actor,
                                           struct tg_uuid org_id, const struct tg_imported *items,
                                           size_t n, enum tg_import_outcome *outcomes)
{
    const struct importer importer = {actor, org_id};
    struct outcome rows[TG_BATCH_MAX] = {0};
    enum tg_pg_status status =
        tg_pg_call(pg, &import_contacts, TG_ONE(&importer), TG_EACH(items, n), TG_ROWS(rows, n));
    for (size_t i = 0; status == TG_PG_OK && i < n; i++)
        outcomes[i] = rows[i].outcome;
    return status;
}

const struct tg_call *const tg_contact_calls[] = {
    &tg_list_contacts,  &tg_get_contact,    &tg_create_contact,
    &tg_change_contact, &tg_opt_contact_in, &tg_opt_contact_out,
    &tg_forget_contact, &import_contacts,   NULL};
