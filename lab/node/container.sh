#!/bin/sh
# Runs a container's program with the container's mounts. In its environment: MOUNTS (a line each: source=target) and
# POD_HOSTNAME (when the pod is not on the host's network). Its arguments: the program.
set -eu
echo "$MOUNTS" | while IFS== read -r source target; do
	[ -n "$source" ] || continue
	if [ -d "$source" ]; then
		mkdir -p "$target"
	else
		mkdir -p "$(dirname "$target")"
		[ -e "$target" ] || touch "$target"
	fi
	mount --rbind "$source" "$target"
done
[ -z "${POD_HOSTNAME:-}" ] || hostname "$POD_HOSTNAME"
unset MOUNTS POD_HOSTNAME
exec "$@"
