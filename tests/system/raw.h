// A client that writes its bytes as it likes, for what no HTTP client would do.
#pragma once

#include "tests/system/testbed.h"

#include <stddef.h>

// Connects to the server of a URL such as "http://127.0.0.1:1234".
int raw_connect(const char *url);

// Writes all of it; false: the server does not take it (it has closed). raw_printf likewise.
bool raw_write(int connection, const char *bytes, size_t size);
bool raw_printf(int connection, const char *format, ...) TG_PRINTF(2, 3);

// As many of the bytes as the server takes for now, without waiting for more than a moment.
size_t raw_write_some(int connection, const char *bytes, size_t size);

// What has come until the server closed, or all that comes to one answer's end.
const char *raw_read_to_end(int connection);
const char *raw_read_answer(int connection);

// Has the server closed the connection? What came before is dropped.
bool raw_is_closed(int connection);

// As many files as a test with thousands of connections needs.
void raw_raise_file_limit(void);
