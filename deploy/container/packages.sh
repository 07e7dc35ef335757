#!/bin/sh
# Install what a stage needs of the system's packages: packages.sh build | run | run-cuda
set -eu
case "$1" in
    build) packages="python3 python3-venv" ;;
    run) packages="ca-certificates python3" ;;
    # Triton compiles a starter for its kernels when they are used first.
    run-cuda) packages="ca-certificates gcc libc6-dev python3 python3-dev" ;;
    *) echo "packages.sh build | run | run-cuda, not $1" >&2; exit 2 ;;
esac
export DEBIAN_FRONTEND=noninteractive
apt-get update
# shellcheck disable=SC2086  # words
apt-get install --yes --no-install-recommends $packages
rm -rf /var/lib/apt/lists/*
