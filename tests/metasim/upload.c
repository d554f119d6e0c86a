#include "tests/metasim/upload.h"

#include "common/crypto/digest.h"
#include "tests/metasim/sim_limits.h"

#include <fcntl.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct upload {
    struct MHD_PostProcessor *form;
    struct tg_sha256 *sum;
    struct uploaded so_far;
    bool good;
};

static int open_file(void)
{
    int file = open("/var/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (file < 0)
        abort();
    return file;
}

static void append(char *text, size_t size, const char *bytes, size_t n)
{
    size_t length = strlen(text);
    if (n < size - length)
        memcpy(text + length, bytes, n);
}

static void take_file(struct upload *upload, const char *type, const char *bytes, size_t size)
{
    struct uploaded *so_far = &upload->so_far;
    if (so_far->file < 0) {
        so_far->file = open_file();
        snprintf(so_far->file_type, sizeof so_far->file_type, "%s", type ? type : "");
    }
    tg_sha256_add(upload->sum, bytes, size);
    upload->good = upload->good && write(so_far->file, bytes, size) == (ssize_t)size;
    so_far->size += size;
}

static enum MHD_Result take_field(void *context, enum MHD_ValueKind kind, const char *name,
                                  const char *filename, const char *type, const char *encoding,
                                  const char *bytes, uint64_t at, size_t size)
{
    (void)kind, (void)encoding, (void)at;
    struct upload *upload = context;
    struct uploaded *so_far = &upload->so_far;
    if (strcmp(name, "file") == 0 && filename)
        take_file(upload, type, bytes, size);
    else if (strcmp(name, "messaging_product") == 0)
        append(so_far->product, sizeof so_far->product, bytes, size);
    else if (strcmp(name, "type") == 0)
        append(so_far->type, sizeof so_far->type, bytes, size);
    return MHD_YES;
}

struct upload *upload_begin(struct MHD_Connection *connection)
{
    struct upload *upload = calloc(1, sizeof *upload);
    if (!upload)
        abort();
    upload->so_far.file = -1;
    upload->form =
        MHD_create_post_processor(connection, SIM_UPLOAD_BUFFER_BYTES, take_field, upload);
    if (!upload->form) {
        free(upload);
        return NULL;
    }
    upload->good = true;
    upload->sum = tg_sha256_begin();
    return upload;
}

void upload_take(struct upload *upload, const char *bytes, size_t size)
{
    upload->good = MHD_post_process(upload->form, bytes, size) == MHD_YES && upload->good;
}

static void write_sum(struct upload *upload)
{
    unsigned char digest[TG_SHA256_SIZE];
    tg_sha256_end(upload->sum, digest);
    for (size_t i = 0; i < sizeof digest; i++)
        snprintf(upload->so_far.sha256 + 2 * i, 3, "%02x", digest[i]);
}

struct uploaded upload_end(struct upload *upload)
{
    upload->so_far.is_form = MHD_destroy_post_processor(upload->form) == MHD_YES && upload->good;
    write_sum(upload);
    struct uploaded uploaded = upload->so_far;
    free(upload);
    return uploaded;
}

void upload_drop(struct upload *upload)
{
    if (!upload)
        return;
    struct uploaded uploaded = upload_end(upload);
    if (uploaded.file >= 0)
        close(uploaded.file);
}
