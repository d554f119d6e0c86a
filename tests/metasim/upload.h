// A file that is being uploaded: its form is read as it comes, and the file goes to one without a
// name on disk.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct MHD_Connection;
struct upload;

// What has come by the end.
struct uploaded {
    char product[32];    // messaging_product
    char type[128];      // as the form says,
    char file_type[128]; // and as the file's part does
    char sha256[65];
    int file; // -1: there is none; the caller's
    uint64_t size;
    bool is_form; // all of it was one
};

// NULL: the request's body is no form with files.
struct upload *upload_begin(struct MHD_Connection *connection);
void upload_take(struct upload *upload, const char *bytes, size_t size);
// Ends it, and frees it.
struct uploaded upload_end(struct upload *upload);
void upload_drop(struct upload *upload); // NULL is fine
