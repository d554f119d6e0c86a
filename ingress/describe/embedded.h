// The files of this folder that the program has within it (CMakeLists.txt says which), and
// sql/error_rules.csv.
#pragma once

struct embedded {
    const char *name; // its path from the top of the source; NULL: behind the last one
    const char *text;
};

extern const struct embedded embedded_files[];

// The text of a file that is there.
const char *embedded_text(const char *name);
