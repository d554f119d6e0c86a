// Whether the directory that files are to lie in is the one that all daemons share: it has the id
// that stands in PostgreSQL, and whoever is first says which that is.
#pragma once

#include "common/files/files.h"
#include "common/pg/pg.h"
#include "common/settings/settings.h"

enum tg_store_look {
    TG_STORE_SHARED,  // it is: tg_files_are_admitted from now on
    TG_STORE_OTHER,   // it is another one; logged ("media_store_refused")
    TG_STORE_UNKNOWN, // PostgreSQL does not say
};
enum tg_store_look tg_media_store_look(struct tg_files *files, struct tg_pg *pg) TG_MUST_CHECK;

// Opens what the settings name and looks, at the start of a daemon; *files is NULL where they name
// nothing. False, with "start_refused": it cannot be used, or is another one. Where PostgreSQL is
// away, whoever uses the files first has to look.
bool tg_media_store_open(const struct tg_settings *settings, struct tg_files **files) TG_MUST_CHECK;
