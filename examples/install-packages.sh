#!/bin/sh
# Installs what building (build) and testing (test) rowbuild take, where it is missing, with apt-get:
# Debian 12 or Ubuntu 24.04 and later, as root or with sudo. Elsewhere it names the packages and stops.
# usage: install-packages.sh build [test]
set -eu

packages=
for set_name in "$@"; do
    case $set_name in
    build)
        packages="$packages gcc libc6-dev cmake ninja-build pkg-config re2c bison"
        packages="$packages libxxhash-dev nettle-dev libpcre2-dev libjson-c-dev libhwloc-dev libgit2-dev"
        packages="$packages libseccomp-dev libarchive-dev libutf8proc-dev"
        ;;
    test)
        packages="$packages libcmocka-dev bats jq git make mandoc procps openmpi-bin libopenmpi-dev mpich libmpich-dev"
        packages="$packages python3 python3-numpy python3-mpi4py libopenblas0-pthread"
        packages="$packages slurmctld slurmd slurm-client munge shellcheck"
        packages="$packages python3-rdflib unzip tmux"
        ;;
    *)
        echo "usage: install-packages.sh build [test]" >&2
        exit 2
        ;;
    esac
done

stop_with_list() {
    echo "$1 Please install what these packages of Debian 12 hold, cmake in version 3.25 or later:" >&2
    echo "   $2" >&2
    exit 1
}

if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
    stop_with_list "This system has no apt-get." "$packages"
fi

missing=
for package in $packages; do
    status=$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null) || status=unknown
    [ "$status" = installed ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" -eq 0 ]; then
    as_root=
elif command -v sudo >/dev/null && { sudo -n true 2>/dev/null || [ -t 0 ]; }; then
    as_root=sudo
else
    stop_with_list "Packages are missing, and installing them takes root or sudo." "$missing"
fi

echo "Installing with apt-get:$missing"
# shellcheck disable=SC2086 # words on purpose: nothing or sudo, and a list of packages
{
    $as_root apt-get -qq update || echo "apt-get update failed; trying with the lists at hand" >&2
    $as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get -qq -o Dpkg::Use-Pty=0 install -y --no-install-recommends $missing
}
