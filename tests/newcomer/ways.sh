# shellcheck shell=bash
# The three ways; `run` has what they are.
# shellcheck disable=SC2154  # run sets them

ask_seed() {
	"$here/ask.py" "$1" >"$work/log/answer" 2>&1 || {
		cat "$work/log/answer" >&2
		fail "no answer from $1"
	}
	say "  $(cat "$work/log/answer")"
}

clone() {
	cp -a "$work/base" "$work/$1"
	git clone --quiet --no-hardlinks "$repo" "$work/$1/root/perigee"
}

# Does nginx answer by itself what is asked for again? Workers then put an answer to it on their shelves,
# which is when those get their 64 MB. The words run a command where they are.
nginx_answers() {
	local blocks
	in_network "$here/ask.py" "$1" again || return
	blocks=$("${@:2}" stat -c %b /run/perigee/shelf-0 /run/perigee/shelf-1 | sort -n | tail -n 1)
	[ "$blocks" -gt $((64 * 2048)) ]
}

# ---- make run ----------------------------------------------------------------

way_make_run() {
	local port
	port=$(free_port)
	step 'make run: git, make and a C compiler' prepare_make_run
	say 'make run: it installs what it needs, builds and starts'
	in_background make-run in_tree source make -C /root/perigee run PORT="$port"
	await_line 1200 make-run '^perigee ready: '
	ask_seed "http://127.0.0.1:$port"
	end_background
}

prepare_make_run() {
	clone source
	apt_in_tree source --no-install-recommends install git make gcc
}

# ---- the stand-in for upstream, and a network for it and what asks it ---------

start_sandbox() {
	make_network
	[ -z "$sandbox_port" ] || return 0
	sandbox_port=9000
	in_background sandbox in_network /usr/bin/python3 "$repo/tests/sandbox/serve.py" \
		--port "$sandbox_port" --quota 15/3600
	await_line 60 sandbox '^sandbox ready: '
}

# ---- the Debian package ------------------------------------------------------

way_package() {
	local i
	local -a unit
	step 'package: make deb' make_package
	step 'package: apt-get install' install_package
	step 'package: README.Debian' configure_package
	start_sandbox
	in_background package-redis in_network in_tree package setpriv --reuid redis --regid redis \
		--init-groups redis-server /etc/redis/redis.conf --daemonize no --supervised no
	for i in 0 1; do
		mapfile -t unit < <(unit_command "$i")
		in_background "package-worker-$i" in_network in_tree package "${unit[@]}"
		await_line 30 "package-worker-$i" 'event=started'
	done
	in_background package-nginx in_network in_tree package nginx -g 'daemon off;'
	await 30 in_network bash -c 'exec 3<>/dev/tcp/127.0.0.1/80' || fail 'nginx does not listen'
	in_network "$here/ask.py" http://127.0.0.1 >"$work/log/answer" 2>&1 || {
		tail -n 20 "$work"/log/package-* "$work/log/answer" >&2
		fail 'package: no answer'
	}
	say "  $(cat "$work/log/answer")"
	await 30 nginx_answers http://127.0.0.1 in_tree package || fail 'package: nginx takes nothing from shelves'
	in_network in_tree package perigee quota >"$work/log/quota" || fail 'perigee quota'
	say "  $(head -n 1 "$work/log/quota")"
	end_background
	sandbox_port=
	step 'package: apt-get purge leaves nothing' purge_package
}

make_package() {
	[ -d "$work/source" ] || prepare_make_run
	in_tree source make -C /root/perigee deb
}

install_package() {
	cp -a "$work/base" "$work/package"
	cp "$work"/source/root/perigee/build/deb/{perigee,libnginx-mod-http-perigee}_*.deb "$work/package/root/"
	apt_in_tree package install nginx redis-server
	every_path >"$work/log/before"
	in_tree package bash -c 'apt-get -qq -y install /root/*.deb'
	in_tree package getent passwd perigee
	in_tree package id www-data | grep perigee
	in_tree package stat -c '%U:%G %a %n' /run/perigee /run/perigee/hits /etc/perigee /etc/perigee/perigee.conf
}

# What README.Debian says; Redis listens where Debian's does.
configure_package() {
	local etc=$work/package/etc
	sed -i -e 's|^base_urls = .*|base_urls = http://127.0.0.1|' \
		-e 's|^address = .*|address = redis://127.0.0.1:6379|' \
		-e 's|^contact =.*|contact = https://launches.example.org|' \
		-e 's|^base_url =.*|base_url = http://127.0.0.1:9000|' "$etc/perigee/perigee.conf"
	in_tree package cp -r /usr/share/perigee/nginx/perigee /etc/nginx/
	in_tree package cp /usr/share/perigee/nginx/perigee.conf /etc/nginx/conf.d/
	sed -i 's/launches.example.org/127.0.0.1/' "$etc/nginx/conf.d/perigee.conf"
	# redis.conf: include ...
	echo 'include /usr/share/perigee/redis/perigee.conf' >>"$etc/redis/redis.conf"
	in_tree package perigee --config /etc/perigee/perigee.conf --check
	in_tree package nginx -t
}

# The command line of instance $1 as its unit has it, with its user, umask and environment; credentials
# are a folder with what SetCredential= says.
unit_command() {
	local file=$work/package/lib/systemd/system/perigee@.service
	local credentials=/run/credentials/perigee@$1.service
	in_tree package bash -c "install -d -o perigee -m 500 $credentials && cd $credentials &&
		for name in token redis-password; do echo >\$name; done && chown perigee * && chmod 400 *"
	value() { sed -n "s/^$1=//p" "$file"; }
	printf '%s\n' setpriv --reuid "$(value User)" --regid "$(value Group)" --init-groups \
		--no-new-privs --inh-caps=-all --bounding-set=-all env
	value Environment | sed "s|%i|$1|g; s|%d|$credentials|g"
	printf '%s\n' bash -c "umask $(value UMask); exec \"\$@\"" bash
	value ExecStart | tr ' ' '\n'
}

purge_package() {
	in_tree package apt-get -qq -y purge perigee libnginx-mod-http-perigee
	# The operator's own: the site that README.Debian had copied, its log and its cache; and our credentials.
	(cd "$work/package" && rm -r etc/nginx/perigee etc/nginx/conf.d/perigee.conf \
		var/log/nginx/perigee.log run/nginx-perigee run/credentials)
	if every_path | diff "$work/log/before" - | grep '^>.*perigee' ||
		grep perigee "$work"/package/etc/{passwd,group,shadow,gshadow}; then
		return 1
	fi
}

every_path() {
	find "$work/package" -xdev -path "$work/package/root" -prune -o -printf '%P\n' | sort
}

# ---- images ------------------------------------------------------------------

way_images() {
	step 'images: the base' import_base
	step 'images: docker/Dockerfile, compose.yaml' containers build
	start_sandbox
	# As Docker does for each container.
	in_network sysctl -qw net.ipv4.ip_unprivileged_port_start=0
	step 'images: compose.yaml, up' containers up --network "/run/netns/$netns" \
		--upstream "http://127.0.0.1:$sandbox_port"
	in_network "$here/ask.py" http://127.0.0.1:80 >"$work/log/answer" 2>&1 || {
		containers logs >&2
		cat "$work/log/answer" >&2
		fail 'images: no answer'
	}
	say "  $(cat "$work/log/answer")"
	await 30 nginx_answers http://127.0.0.1:80 containers exec worker-0 ||
		fail 'images: nginx takes nothing from shelves'
	step 'images: not root, read-only, no compiler' containers inspect
	sed 's/^/  /' "$work/log/step"
	step 'images: down' containers remove
	end_background
	sandbox_port=
}

containers() {
	"$here/containers.py" --store "$work/store" "$@"
}

# What Debian's slim images leave out is left out here too, so that sizes can be compared.
import_base() {
	cp -a "$work/base" "$work/slim"
	rm -rf "$work"/slim/usr/share/{doc,man,info,locale}/* "$work"/slim/var/{lib/apt/lists,cache/apt}/*
	printf 'path-exclude /usr/share/%s/*\n' doc man locale >"$work/slim/etc/dpkg/dpkg.cfg.d/slim"
	tar -C "$work/slim" -c . | containers import debian:bookworm-slim
	# compose.yaml's Redis: Debian's, of the same major version, under the image's numbers and name.
	containers redis
}
