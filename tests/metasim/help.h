// What --help prints.
#pragma once

extern const char sim_help[];
