#include "tests/system/certificate.h"

#include "tests/system/process.h"

#include <stdio.h>
#include <sys/stat.h>

static void must(const char *const *argv)
{
    struct command_result run = command_run(argv, NULL);
    cr_assert(run.status == 0, "%s: %s", argv[1], run.errors);
}

// Mode and owner of a file that is there stay.
static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "we");
    cr_assert(file && fputs(text, file) >= 0 && fclose(file) == 0, "%s", path);
}

static const char *file_of(const char *name, const char *kind)
{
    return text_of("%s/%s.%s.pem", testbed_directory(), name, kind);
}

static void make_key(const char *path)
{
    must(WORDS("openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256",
               "-out", path));
    cr_assert(chmod(path, 0600) == 0);
}

struct certificate certificate_create(const char *name, const char *names)
{
    const struct certificate made = {file_of(name, "chain"), file_of(name, "key"),
                                     file_of(name, "authority")};
    const char *root_key = file_of(name, "authority-key");
    const char *request = file_of(name, "request");
    const char *own = file_of(name, "own");
    const char *extension =
        file_with(text_of("%s.names", name), text_of("subjectAltName=%s\n", names));
    make_key(root_key);
    must(WORDS("openssl", "req", "-x509", "-new", "-key", root_key, "-days", "30", "-subj",
               text_of("/CN=authority of %s", name), "-out", made.authority));
    make_key(made.key);
    must(WORDS("openssl", "req", "-new", "-key", made.key, "-subj", text_of("/CN=%s", name), "-out",
               request));
    must(WORDS("openssl", "x509", "-req", "-in", request, "-CA", made.authority, "-CAkey", root_key,
               "-CAcreateserial", "-days", "20", "-extfile", extension, "-out", own));
    (void)file_with(text_of("%s.chain.pem", name),
                    text_of("%s%s", file_text(own, NULL), file_text(made.authority, NULL)));
    return made;
}

struct certificate certificate_create_rsa(const char *name, const char *names)
{
    const struct certificate made = {file_of(name, "own"), file_of(name, "key"),
                                     file_of(name, "own")};
    must(WORDS("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", made.key,
               "-days", "20", "-subj", text_of("/CN=%s", name), "-addext",
               text_of("subjectAltName=%s", names), "-out", made.path));
    cr_assert(chmod(made.key, 0600) == 0);
    return made;
}

void certificate_replace(const struct certificate *old, const struct certificate *renewed)
{
    write_file(old->path, file_text(renewed->path, NULL));
    write_file(old->key, file_text(renewed->key, NULL));
}
