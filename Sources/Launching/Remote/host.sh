# shellcheck shell=sh
# tern launch runs this script in a host's shell. It describes the host, receives the program, and
# runs it, as commanded on standard input. Its own lines begin with "tern-host ".
#
#   program SUM       whether the program with this digest is here: answers "here" or "missing"
#   file NAME SIZE    a file of the program; its bytes follow
#   ready             all files have been sent
#   probe ARGUMENTS   runs tern probe, with the next line as its standard input
#   run ID ARGUMENTS  runs tern to its end, with the rest of standard input as its own
#
# When the connection ends, standard input ends, and so do this shell and the programs it started.
umask 077
export LC_ALL=C
say() { printf 'tern-host %s\n' "$*"; }
fail() {
    say error "$*"
    exit 1
}
say machine "$(uname -s)" "$(uname -m)"
say client "${SSH_CONNECTION%% *}"
[ -n "${HOME:-}" ] || [ -n "${XDG_CACHE_HOME:-}" ] || fail "there is no home folder"
programs=${XDG_CACHE_HOME:-$HOME/.cache}/tern/programs
reason=$(mkdir -p "$programs" 2>&1) || fail "cannot make $programs: ${reason##*: }"
# Remove unfinished copies of interrupted connections.
find "$programs" -maxdepth 1 -name 'new.*' -mmin +60 -exec rm -rf {} + 2>/dev/null
new=
trap 'rm -rf "$new"' EXIT
trap 'exit 1' HUP INT TERM

# take NAME SIZE: receives a file of the program.
take() {
    if [ -z "$new" ]; then
        new=$programs/new.$$
        mkdir -p "$new/lib" || fail "cannot make $new"
    fi
    if ! reason=$(head -c "$2" 2>&1 >"$new/$1") || [ "$(wc -c <"$new/$1")" -ne "$2" ]; then
        fail "cannot copy the program to $programs: ${reason##*: }"
    fi
    chmod 700 "$new/$1"
}

# tern ARGUMENTS: runs the program with its own libraries.
tern() { LD_LIBRARY_PATH=$program/lib "$program/tern" "$@"; }

while read -r word rest; do
    case $word in
    program)
        program=$programs/$rest
        if [ -x "$program/tern" ]; then say here; else say missing; fi
        ;;
    file)
        # shellcheck disable=SC2086  # a name and a size
        take $rest
        ;;
    ready)
        # Another launch may have copied the same program.
        [ -e "$program" ] || mv "$new" "$program" || fail "cannot make $program"
        rm -rf "$new"
        new=
        say here
        ;;
    probe)
        eval "set -- $rest"
        IFS= read -r line
        if ! reason=$(printf '%s\n' "$line" | tern probe "$@" 2>&1); then
            reason=${reason##*
}
            fail "${reason#tern: error: }"
        fi
        say probe "$reason"
        ;;
    run)
        eval "set -- $rest"
        # A program of an earlier login may not have noticed yet that its connection ended.
        grep -lz "^TERN_LAUNCH=$1$" /proc/[0-9]*/environ 2>/dev/null | while IFS=/ read -r _ _ old _; do
            kill -KILL "$old" 2>/dev/null
        done
        export TERN_LAUNCH="$1"
        shift
        say running
        tern "$@"
        say ended $?
        exit
        ;;
    esac
done
