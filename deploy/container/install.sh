#!/bin/sh
# Install Mynah with an engine from a clone: install.sh CLONE PREFIX piper | nano | cuda | upstream
# Everything comes from the lock files, with hashes; torch as tools/install_chatterbox.py takes it.
set -eu
clone=$1 prefix=$2 engine=$3
case "$engine" in
    piper) lock=piper ;;
    nano | cuda | upstream) lock=service ;;
    *) echo "install.sh CLONE PREFIX piper | nano | cuda | upstream, not $engine" >&2; exit 2 ;;
esac

"${PYTHON:-python3}" -m venv "$prefix"
python="$prefix/bin/python"
pip() { "$python" -m pip --disable-pip-version-check --quiet --no-cache-dir "$@"; }
pip install --no-compile --require-hashes -r "$clone/requirements/$lock.txt"
pip install --no-compile --no-deps --no-build-isolation "$clone"
case "$engine" in
    nano) (cd "$clone" && "$python" -m tools.install_chatterbox --way cpu) ;;
    cuda | upstream) (cd "$clone" && "$python" -m tools.install_chatterbox --way "$engine") ;;
esac

# The root file system is read-only when it runs, so byte code is made now. Some packages hold files
# for other Pythons, which do not compile.
"$python" -m compileall -q -j 0 "$prefix/lib" >/dev/null 2>&1 || true
"$prefix/bin/mynah" --version
