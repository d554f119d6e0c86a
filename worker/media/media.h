// The role media: fetches the files of contacts that orgs want to be kept from Meta, into the
// store, and removes from it what is kept no longer (sql/core/media.sql). A thread of its own, with
// connections of its own: no message waits for it. All that takes a struct media takes NULL as
// well.
#pragma once

#include "common/files/files.h"
#include "worker/worker.h"

struct media;

// Starts its thread. The files are borrowed.
struct media *media_start(const struct worker *worker, struct tg_files *files);

// With the stop ordered: breaks off what is being fetched, which another one begins anew, and waits
// for its end.
void media_stop(struct media *media);
void media_free(struct media *media); // stopped
