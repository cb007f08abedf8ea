# shellcheck shell=bash
# The common parts of Scripts/train and Scripts/test: installing what is missing, and building. Source it with
# the repository's folder in $root.
: "${root:?}"

say() { echo "tern: $*" >&2; }

fail() {
    say "$*"
    exit 1
}

# install PACKAGE...: installs missing Debian packages without asking.
install_packages() {
    local missing=() package as_root=()
    for package in "$@"; do
        if [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" != installed ]; then
            missing+=("$package")
        fi
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    command -v apt-get >/dev/null || fail "these are missing, and there is no apt-get: ${missing[*]}"
    if [ "$(id -u)" -ne 0 ]; then
        as_root=(sudo -n)
        "${as_root[@]}" true 2>/dev/null || fail "to go on: sudo apt-get install ${missing[*]}"
    fi
    say "installing ${missing[*]}"
    local log
    log=$(mktemp)
    if ! "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get update -qq >"$log" 2>&1 ||
        ! "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq \
            --no-install-recommends "${missing[@]}" >>"$log" 2>&1 </dev/null; then
        tail -n 5 "$log" >&2
        rm -f "$log"
        fail "apt-get could not install ${missing[*]}"
    fi
    rm -f "$log"
}

# The build's requirements, and real data in MNIST's format that need no download.
install_requirements() {
    command -v swift >/dev/null || fail "there is no swift command: install Swift 6.2 or later"
    install_packages libzmq3-dev zlib1g-dev libpng-dev libssl-dev libxxhash-dev \
        dataset-fashion-mnist
}

# build ARGUMENT...: a release build that prints its output only if it fails.
build() {
    local log
    log=$(mktemp)
    [ -d "$root/.build/release" ] || say "building, which takes some minutes the first time"
    if ! swift build --package-path "$root" -c release "$@" >"$log" 2>&1 </dev/null; then
        cat "$log" >&2
        rm -f "$log"
        fail "the build failed"
    fi
    rm -f "$log"
}
