# shellcheck shell=bash
# Sourced by checks at the root of the tree.

# The names of all tests, as suite/test, one a line; of the fuzzer's targets as fuzz/target.
test_names() {
    grep --no-filename --perl-regexp --null-data --only-matching \
        '\n(Parameterized)?Test\((struct \w+ \*\w+,\s*)?\w+,\s*\w+' tests/*/*_test.c | tr '\0' '\n' |
        sed --quiet --regexp-extended 's/.*[(,] *(\w+), *(\w+)$/\1\/\2/p'
    sed --quiet 's/^FUZZ_TARGET(\(.*\))$/fuzz\/\1/p' tests/fuzz/*_fuzz.c
}
