#!/bin/sh
# A place where agents' commands can be run: FOLDER is in it as /tmp/agent, and the configuration where agents have it.
set -eu
mount -t tmpfs tmpfs /mnt
mkdir /mnt/agent
mount --bind "$FOLDER" /mnt/agent
mount --move /mnt /tmp
mkdir -p /tmp/cilium
ln -s /tmp/agent/config-map /tmp/cilium/config-map
exec sleep infinity
