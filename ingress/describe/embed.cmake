# Makes a C file that has other files within it: cmake -DINTO=... -DROOT=... -P embed.cmake FILE...
# Each is known by its path below ROOT.
set(rows "")
set(texts "")
math(EXPR last "${CMAKE_ARGC} - 1")
set(number 0)
foreach(i RANGE 5 ${last})
  set(file "${CMAKE_ARGV${i}}")
  file(RELATIVE_PATH name "${ROOT}" "${file}")
  file(READ "${file}" hex HEX)
  string(REGEX REPLACE "(..)" "0x\\1, " bytes "${hex}")
  string(APPEND texts "static const unsigned char file_${number}[] = {${bytes}0};\n")
  string(APPEND rows "    {\"${name}\", (const char *)file_${number}},\n")
  math(EXPR number "${number} + 1")
endforeach()
file(WRITE "${INTO}" "#include \"ingress/describe/embedded.h\"\n\n#include <stddef.h>\n\n${texts}\n"
  "const struct embedded embedded_files[] = {\n${rows}    {NULL, NULL},\n};\n")
