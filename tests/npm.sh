# What the tests need of npm. Sourced by bash after deploy/lib.sh and deploy/processes.sh.
# shellcheck shell=bash disable=SC2154 # root and run_dir are of who sources this

# install_from_npm FOLDER...: of these folders of tests/, as package-lock.json in each pins it.
install_from_npm() {
    local name folder
    for name in "$@"; do
        folder=$root/tests/$name
        ! cmp --quiet "$folder/package-lock.json" "$folder/node_modules/.installed" || continue
        npm ci --prefix "$folder" --ignore-scripts --prefer-offline --no-audit --no-fund >"$run_dir/npm.log" 2>&1 ||
            die_with_log npm "npm could not install what tests/$name needs"
        cp "$folder/package-lock.json" "$folder/node_modules/.installed"
    done
}
