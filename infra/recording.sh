# shellcheck shell=bash
# What the scripts share that record sessions; they source it, and have a `clean` that takes paths and names of the
# machine out of what is shown.

# Types a command, and shows it with what it says.
show() {
    # shellcheck disable=SC2016  # these are Markdown's
    printf '\n```console\n$ %s\n' "$1" | clean
    eval "$1" 2>&1 | clean
    echo '```'
}

# Waits at most so many seconds until a command succeeds.
until_so() {
    local end=$((SECONDS + $1))
    until "${@:2}" >/dev/null 2>&1; do
        [ "$SECONDS" -lt "$end" ] || { echo "waited $1 seconds in vain for: ${*:2}" >&2; exit 1; }
        sleep 1
    done
}
