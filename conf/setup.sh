#!/bin/bash
# Installs what is missing of the package groups named on the command line,
# from conf/packages.txt. Says nothing and takes milliseconds when all is there.
#
#   conf/setup.sh build run
#
# Nothing that this installs is started: perigee runs its own nginx and Redis,
# and a machine that had neither must not find their ports taken afterwards.

set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
list=$here/packages.txt
policy=/usr/sbin/policy-rc.d
lock=/run/lock/perigee-setup
mark='# perigee: temporary, while packages are being installed'

fail() {
	echo "setup: $*" >&2
	exit 1
}

# The packages of the groups in $@, one a line; without those whose command
# (`npm/npm`) the machine has already, wherever from.
wanted() {
	local listed package command
	listed=$(in_groups "$@") || return 1
	while IFS=/ read -r package command; do
		[ -n "$command" ] && command -v "$command" >/dev/null || echo "$package"
	done <<<"$listed"
}

in_groups() {
	awk -v groups="$*" '
		BEGIN { n = split(groups, g, " "); for (i = 1; i <= n; i++) ask[g[i]] = 1 }
		/^[a-z]/ {
			n = split($1, mine, ",")
			for (i = 1; i <= n; i++) { known[mine[i]] = 1; if (mine[i] in ask) take = 1 }
			if (take) print $2
			take = 0
		}
		END { for (x in ask) if (!(x in known)) { print "unknown group " x > "/dev/stderr"; exit 1 } }
	' "$list" | sort -u
}

# Those of $@ that are not installed. dpkg-query fails when it does not know
# one of them; what it prints is all that counts.
missing() {
	comm -13 <(dpkg-query -W -f '${db:Status-Status} ${Package}\n' "$@" 2>/dev/null |
		sed -n 's/^installed //p' | sort -u) <(printf '%s\n' "$@")
}

# While this file is there, no package may start its service (exit 101 says so
# to invoke-rc.d). One that the machine already has is left as it is.
forbid_services() {
	[ ! -e "$policy" ] || return 0
	printf '#!/bin/sh\n%s\nexit 101\n' "$mark" >"$policy"
	chmod 755 "$policy"
}

policy_is_ours() {
	grep -qsxF "$mark" "$policy"
}

allow_services() {
	if policy_is_ours; then
		rm -f "$policy"
	fi
}

# A run that was killed could not take its policy away. If nobody holds the
# lock, then a policy with our mark is such a one.
tidy_up_after_the_killed() {
	policy_is_ours && [ -w "$policy" ] || return 0
	(flock -n 9 && allow_services) 9>>"$lock" || true
}

# Nor may they start at the next boot, if it was this run that brought them.
disable_services() {
	local package
	command -v systemctl >/dev/null || return 0
	for package in "$@"; do
		case $package in nginx | redis-server | varnish)
			systemctl disable --quiet "$package" >/dev/null 2>&1 || true
			;;
		esac
	done
}

# The package lists may be locked by someone else for a while. Without fresh
# ones the install is still tried: it says best itself what it cannot find.
update_lists() {
	local try
	for try in 1 2 3 4 5 6; do
		if apt-get -q update; then return 0; fi
		sleep "$((try * 2))"
	done
}

install() {
	export DEBIAN_FRONTEND=noninteractive
	update_lists &&
		apt-get -q -y -o DPkg::Lock::Timeout=300 install --no-install-recommends "$@"
}

main() {
	local -a want need
	local packages log

	[ $# -gt 0 ] || fail "usage: $0 GROUP...  (the groups are in $list)"
	packages=$(wanted "$@") || fail "nothing done"
	mapfile -t want <<<"$packages"
	if ! command -v apt-get >/dev/null; then
		fail "this is not Debian. Install what stands for the following," \
			"then give make SETUP=: to skip this step:" "${want[@]}"
	fi
	tidy_up_after_the_killed
	mapfile -t need < <(missing "${want[@]}")
	[ ${#need[@]} -gt 0 ] || return 0

	if [ "$(id -u)" -ne 0 ]; then
		command -v sudo >/dev/null ||
			fail "as root: apt-get install --no-install-recommends ${need[*]}"
		exec sudo "$0" "$@"
	fi

	# One of us at a time: the policy file is shared, and who waited here may
	# find that the other one has installed everything.
	exec 9>"$lock"
	flock -w 900 9 || fail "another setup has been running for 15 minutes and holds $lock"
	mapfile -t need < <(missing "${want[@]}")
	[ ${#need[@]} -gt 0 ] || return 0

	echo "setup: installing Debian packages (for $*): ${need[*]}" >&2
	log=$(mktemp)
	trap allow_services EXIT
	trap 'exit 1' INT TERM HUP
	forbid_services
	# 9>&-: nothing that outlives the install may keep the lock.
	if ! install "${need[@]}" >"$log" 2>&1 </dev/null 9>&-; then
		tail -n 20 "$log" >&2
		fail "apt-get failed; all of its output is in $log"
	fi
	disable_services "${need[@]}"
	rm -f "$log"
}

main "$@"
