#!/bin/sh
# Turns this process into a machine of the lab: namespaces, a root folder and a cgroup of its own, one network device.
# Nothing of it is visible outside, and all of it is gone with its processes, except for the empty cgroup.
#
# In its environment: MACHINE (name), CGROUP (below the root of cgroup v2), SCRATCH (an empty folder, for mount points),
# SHARED (folders that it shares with the host, one a line), COMPILED (the folder of ccache), ADDRESS (with prefix length), GATEWAY, BPF_SOURCES, and
# PROGRAMS (what it has in /opt/lab/bin, a line each: name=path). Its arguments: what it runs as its first process.
set -eu

case "${STAGE:-cgroup}" in
cgroup)
	# Mounts of its own come first, so that the cgroups can be reached wherever (and if) the host has them mounted.
	export STAGE=join
	exec unshare --mount --propagation private sh "$0" "$@"
	;;
join)
	mount -t cgroup2 none "$SCRATCH"
	mkdir -p "$SCRATCH/$CGROUP"
	echo $$ > "$SCRATCH/$CGROUP/cgroup.procs"
	umount "$SCRATCH"
	export STAGE=boot
	# The new root of cgroups is the cgroup just joined: programs that Cilium attaches there see this machine alone.
	exec unshare --cgroup --net --uts --ipc --pid --fork --kill-child sh "$0" "$@"
	;;
boot) ;;
esac
unset STAGE

# Everything is written to memory, over the host's files.
mount -t tmpfs tmpfs "$SCRATCH"
mkdir "$SCRATCH/upper" "$SCRATCH/work" "$SCRATCH/root"
root="$SCRATCH/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$SCRATCH/upper,workdir=$SCRATCH/work" "$root"
echo "$SHARED" | while read -r folder; do
	mkdir -p "$root$folder"
	mount --bind "$folder" "$root$folder"
done
mount --rbind /dev "$root/dev"
mount -t tmpfs tmpfs "$root/run"
mkdir -p "$root/var/lib/cilium/bpf" "$SCRATCH/bpf-upper" "$SCRATCH/bpf-work"
mount -t overlay overlay \
	-o "lowerdir=$BPF_SOURCES,upperdir=$SCRATCH/bpf-upper,workdir=$SCRATCH/bpf-work" "$root/var/lib/cilium/bpf"
rm -f "$root/etc/resolv.conf"
touch "$root/etc/resolv.conf"
mkdir -p "$root/opt/cni/bin" "$root/etc/cni/net.d" "$root/opt/lab/bin" "$root/lib/modules"
# Programs and the cache are bound here: a container may have a folder of its own where they really are (/tmp).
echo "$PROGRAMS" | while IFS== read -r name path; do
	touch "$root/opt/lab/bin/$name"
	mount --bind "$path" "$root/opt/lab/bin/$name"
done
mkdir -p "$root/opt/lab/ccache"
mount --bind "$COMPILED" "$root/opt/lab/ccache"
ln -s /opt/lab/bin/cilium-cni "$root/opt/cni/bin/cilium-cni"

mount -t proc proc "$root/proc"
cd "$root"
pivot_root . mnt
umount -l /mnt
mount -t sysfs sysfs /sys
mount -t bpf bpf /sys/fs/bpf
mount -t cgroup2 cgroup2 /sys/fs/cgroup
echo "$MACHINE" > /proc/sys/kernel/hostname
# What of /proc/sys is not the network namespace's own is the host's.
for folder in kernel vm fs; do
	mount --bind "/proc/sys/$folder" "/proc/sys/$folder"
	mount -o remount,bind,ro "/proc/sys/$folder"
done

until ip link show eth0 > /dev/null 2>&1; do sleep 0.05; done
ip link set lo up
ip address add "$ADDRESS" dev eth0
ip link set eth0 up
ip route add default via "$GATEWAY"
echo 1 > /proc/sys/net/ipv4/ip_forward

exec "$@"
