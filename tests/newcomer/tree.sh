# shellcheck shell=bash
# Debian trees, and commands in them. $work is where they lie.
# shellcheck disable=SC2154,SC2016  # run sets them; others expand what is in quotes

background=()
enter=()
netns=

# By the mirror and with the settings of this machine's apt; nothing of them is in the project.
make_base() {
	local mirror
	mirror=$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' | head -n 1)
	if [ -n "${PERIGEE_BASE:-}" ]; then
		cp -a "$PERIGEE_BASE" "$work/base"
	else
		debootstrap --variant=minbase bookworm "$work/base" "$mirror"
	fi
	rm -f "$work/base/etc/apt/sources.list"
	cp -a /etc/apt/. "$work/base/etc/apt/"
	cp -L /etc/resolv.conf "$work/base/etc/resolv.conf"
	# Services are started by us, and seen to end.
	printf '#!/bin/sh\nexit 101\n' >"$work/base/usr/sbin/policy-rc.d"
	chmod 755 "$work/base/usr/sbin/policy-rc.d"
}

# in_tree TREE COMMAND...  With processes and mounts of its own, which end with it, however it ends.
in_tree() {
	"${enter[@]}" unshare --mount --pid --fork --kill-child bash -c '
		tree=$1
		shift
		mount -t proc proc "$tree/proc"
		mount --rbind /dev "$tree/dev"
		mount -t tmpfs tmpfs "$tree/dev/shm"
		exec chroot "$tree" env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
			HOME=/root LANG=C.UTF-8 DEBIAN_FRONTEND=noninteractive "$@"' _ "$work/$1" "${@:2}"
}

apt_in_tree() {
	in_tree "$1" apt-get -qq update
	in_tree "$1" apt-get -qq -y "${@:2}"
}

# A network that has nothing but this machine in it, so that usual ports are free.
make_network() {
	[ -e "/run/netns/$netns" ] || ip netns add "$netns"
	ip -n "$netns" link set lo up
}

in_network() {
	local -a enter=(nsenter "--net=/run/netns/$netns")
	if [ "$1" = in_tree ]; then "$@"; else "${enter[@]}" "$@"; fi
}

# in_background NAME COMMAND...
in_background() {
	"${@:2}" >"$work/log/$1" 2>&1 </dev/null &
	background+=($!)
}

# Below the shell that runs a command there is an `unshare`, and below that the first process of its tree, with which
# all others of the tree go. (That it dies with its parent is forgotten by whoever changes the user.)
end_background() {
	local pid child
	for pid in "${background[@]}"; do
		for child in $(pgrep -P "$pid"); do
			pkill -KILL -P "$child" || true
			kill -KILL "$child" 2>/dev/null || true
		done
		wait "$pid" 2>/dev/null || true
	done
	background=()
}

# await SECONDS COMMAND...  until it succeeds
await() {
	local end=$((SECONDS + $1))
	until "${@:2}" >/dev/null 2>&1; do
		[ "$SECONDS" -lt "$end" ] || return 1
		sleep 0.2
	done
}

# await_line SECONDS NAME PATTERN, in the log of what runs in the background
await_line() {
	await "$1" grep -q "$3" "$work/log/$2" || {
		tail -n 40 "$work/log/$2" >&2
		fail "$2 never said: $3"
	}
}

free_port() {
	python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}
