# shellcheck shell=bash
# The common parts of Scripts/package-deb and Scripts/package-tarball. Source it after prepare.sh, with the
# repository's folder in $root.
: "${root:?}"

# The build folder of the program with static Swift libraries.
scratch=$root/.build-bundle

# read_options [OPTION...]: sets $binary, its $version, and $output, the package's folder.
read_options() {
    binary=
    output=$PWD
    while [ $# -gt 0 ]; do
        [ $# -gt 1 ] || fail "unknown option, or one without a value: $1"
        case $1 in
        --binary) binary=$2 ;;
        --output) output=$2 ;;
        *) fail "unknown option: $1" ;;
        esac
        shift 2
    done
    if [ -z "$binary" ]; then
        build --product tern --static-swift-stdlib --scratch-path "$scratch"
        binary=$scratch/release/tern
    fi
    [ -x "$binary" ] || fail "there is no program $binary"
    version=$("$binary" --version)
    mkdir -p "$output"
    output=$(cd "$output" && pwd)
}

# The time of the last commit, so that the same sources make the same package; without git, now.
use_time_of_sources() {
    SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git -C "$root" log -1 --format=%ct 2>/dev/null || date +%s)}
    export SOURCE_DATE_EPOCH
}

# checkout NAME: the folder of a package that Tern depends on.
checkout() {
    local folder
    for folder in "$scratch" "$root/.build"; do
        if [ -d "$folder/checkouts/$1" ]; then
            echo "$folder/checkouts/$1"
            return
        fi
    done
    fail "$1 is not checked out: run swift package resolve"
}

# install_manual FOLDER: a page for the program, and one for each subcommand.
install_manual() {
    local generator=$root/.build/manual page words name
    build -c debug --package-path "$(checkout swift-argument-parser)" --scratch-path "$generator" \
        --product generate-manual
    mkdir -p "$1"
    "$generator/debug/generate-manual" "$binary" --multi-page --output-directory "$1" \
        --date "$(date --utc --date="@$SOURCE_DATE_EPOCH" +%F)" >/dev/null
    # man looks for the page of "tern key worker" as tern-key-worker, and mdoc allows no empty lines.
    for page in "$1"/tern*.1; do
        words=$(basename "$page" .1 | tr . ' ')
        name=${words// /-}
        sed --in-place --regexp-extended -e '/^\.(Dt|Xr) /s/([a-zA-Z])\./\1-/g' -e 's/^$/.Pp/' \
            -e "s/^\.Os$/.Os \"Tern $version\"/" -e "s/^\.Nm .*/.Nm $name/" -e "s/^\.Nm$/.Nm \"$words\"/" "$page"
        gzip --best --no-name <"$page" >"$1/$name.1.gz"
        rm "$page"
    done
}

# install_completions SHARE FUNCTIONS: for bash, fish, and zsh, which searches FUNCTIONS.
install_completions() {
    mkdir -p "$1/bash-completion/completions" "$1/fish/vendor_completions.d" "$2"
    # The file is read, not run, so the first line, which names a shell, has no use.
    "$binary" --generate-completion-script bash | sed 1d >"$1/bash-completion/completions/tern"
    "$binary" --generate-completion-script fish >"$1/fish/vendor_completions.d/tern.fish"
    "$binary" --generate-completion-script zsh >"$2/_tern"
}

# install_units LIB: the services, and their system user.
install_units() {
    local units=$root/cluster/systemd
    mkdir -p "$1/systemd/system/tern-.service.d" "$1/sysusers.d"
    install -m 644 "$units"/*.service "$1/systemd/system"
    install -m 644 "$units"/tern-.service.d/*.conf "$1/systemd/system/tern-.service.d"
    install -m 644 "$units/tern.conf" "$1/sysusers.d"
}

# install_copyright FILE: the copyright and notices of all work in the program.
install_copyright() {
    local nio log
    nio=$(checkout swift-nio)
    log=$(checkout swift-log)
    mkdir -p "$(dirname "$1")"
    cat "$root/cluster/debian/copyright" "$log/NOTICE.txt" "$nio/NOTICE.txt" "$nio/Sources/CNIOLLHTTP/LICENSE" >"$1"
    # The licence at the beginning of the file.
    sed -n '/^\/\*-/,/^ \*\//p' "$nio/Sources/CNIOSHA1/c_nio_sha1.c" >>"$1"
}
