#!/bin/sh
# Make the user and the directories of the running stage: prepare.sh [ROOT]
# With a ROOT only the directories, below it: that is how it is tried without a container.
set -eu
root=${1:-}
uid=10001
if [ -z "$root" ]; then
    groupadd --gid "$uid" mynah
    useradd --uid "$uid" --gid "$uid" --home-dir /data --no-create-home \
        --shell /usr/sbin/nologin mynah
fi
for directory in data models; do
    mkdir -p "$root/$directory"
    chmod 0700 "$root/$directory"
    chown "$uid:$uid" "$root/$directory"
done
