// Private to client.c: libcurl's memory. Requests have access tokens in them, of which libcurl
// makes copies: what it frees is wiped.
//
// A request takes some fifty blocks, of the same sizes each time. Each thread keeps those that it
// has freed, up to a bound: they are wiped, which is as libcurl wants new ones.
#pragma once

#include <stddef.h>

// For curl_global_init_mem.
void *wiped_malloc(size_t size);
void wiped_free(void *bytes);
void *wiped_realloc(void *bytes, size_t size);
char *wiped_strdup(const char *text);
void *wiped_calloc(size_t count, size_t size);
