#include "app/settings.h"

#include "api/load.h"
#include "io/log.h"

#include <limits.h>
#include <stdlib.h>
#include <sys/resource.h>

/* Who reads the configuration again has a log to write to. (The main thread does, and no other.) */
static bool is_running;

/* 16 lines of names and keys. */
#define IDENTITIES_FILE_BYTES 65536

static void report_setting(void *ctx, const char *where, const char *what)
{
	(void)ctx;
	if (is_running)
		log_line(LOG_ERROR, "config_fault", "reason=\"%s: %s\"", where, what);
	else
		fprintf(stderr, "perigee: %s: %s\n", where, what);
}

static void report_kept(void *ctx, const char *where, const char *what)
{
	(void)ctx;
	log_line(LOG_WARN, "config_kept", "reason=\"%s: %s\"", where, what);
}

static void report_table(void *ctx, const char *file, int line, const char *key, const char *what)
{
	char where[600];

	if (line)
		snprintf(where, sizeof(where), "%s:%d%s%s", file, line, key[0] ? ": " : "", key);
	else
		snprintf(where, sizeof(where), "%s%s%s", file, key[0] ? ": " : "", key);
	report_setting(ctx, where, what);
}

static bool complain(const char *setting, const char *what)
{
	report_setting(NULL, setting, what);
	return false;
}

/* `15/3600` for every budget, `ll2:15/3600` for one. */
static bool read_quota(const struct settings *s, struct catalog_options *options)
{
	struct str quota = CONFIG_TEXT(s->config, upstream, quota);

	if (str_find(quota, ':') < quota.n)
		options->budget = str_cut(&quota, ':');
	return !quota.n || quota_parse(quota, &options->quota);
}

static struct catalog *load_catalog(const struct settings *s)
{
	struct catalog_options options = {
		.upstream = CONFIG_TEXT(s->config, upstream, base_url),
		.time_scale = CONFIG_NUMBER(s->config, cache, time_scale),
	};
	struct catalog *catalog;
	bool good = true;

	if (options.time_scale < 1)
		good = complain("[cache] time_scale", "it must be at least 1");
	if (!read_quota(s, &options))
		good = complain("[upstream] quota",
				"calls/seconds such as 15/3600 or ll2:15/3600 is needed here");
	/* The tables are read with what can be used, so that their faults are said too. */
	options.time_scale = good ? options.time_scale : 1;
	catalog = catalog_load(CONFIG_TEXT(s->config, api, tables).p, &options, report_table, NULL);
	if (good)
		return catalog;
	catalog_unref(catalog);
	return NULL;
}

static bool read_tables(struct settings *s)
{
	s->catalog = load_catalog(s);
	return s->catalog != NULL;
}

/* The text of a file of at most `cap` bytes; NULL: it cannot be read. *ret_n is its length. */
static char *read_file(const char *path, size_t cap, size_t *ret_n)
{
	FILE *f = fopen(path, "re");
	char *text = f ? malloc(cap + 1) : NULL;

	*ret_n = text ? fread(text, 1, cap + 1, f) : 0;
	if (f)
		fclose(f);
	if (*ret_n <= cap)
		return text;
	free(text);
	return NULL;
}

static void report_line(void *ctx, int line, const char *what)
{
	report_table(NULL, ctx, line, "", what);
}

static bool read_warm(struct settings *s)
{
	struct str path = CONFIG_TEXT(s->config, warm, list);
	char *text;
	size_t n;

	s->warm = NULL;
	if (!path.n || !s->catalog)
		return true;
	text = read_file(path.p, WARM_FILE_BYTES, &n);
	if (!text)
		return complain("[warm] list", "the file cannot be read");
	s->warm = warm_list_read((struct str){ text, n }, s->catalog, &s->canon, report_line,
				 (void *)path.p);
	free(text);
	return s->warm != NULL;
}

static bool read_canon(struct settings *s)
{
	struct str rest = CONFIG_TEXT(s->config, api, ignored_parameters);
	size_t n = 0;

	while (rest.n) {
		struct str name = str_trim(str_cut(&rest, ','));

		if (name.n && n == SETTINGS_IGNORED_MAX)
			return complain("[api] ignored_parameters", "there are too many");
		if (name.n)
			s->ignored[n++] = name;
	}
	s->canon = (struct canon_options){
		.ignored = s->ignored,
		.ignored_n = n,
		.pass_unknown = CONFIG_NUMBER(s->config, api, unknown_parameters) == 1,
	};
	return true;
}

/* A secret from its file, where one is named; NUL-terminated, in `bytes`. An empty file is none, so
 * that a unit may name one that the operator has yet to fill. */
static bool read_secret(const char *key, struct str path, char *bytes, size_t capacity,
			struct str *ret)
{
	struct str text;
	FILE *f;
	size_t n;

	if (!path.n)
		return true;
	f = fopen(path.p, "re");
	n = f ? fread(bytes, 1, capacity, f) : 0;
	if (f)
		fclose(f);
	if (!f || n == capacity)
		return complain(key, "it cannot be read");
	text = str_trim((struct str){ bytes, n });
	if (!text.n)
		return true;
	bytes[(size_t)(text.p - bytes) + text.n] = '\0';
	*ret = text;
	return true;
}

/* What stands in a header field must be printable. */
static bool is_printable(struct str text)
{
	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] < ' ' || text.p[i] > '~')
			return false;
	return true;
}

static bool read_upstream(struct settings *s)
{
	s->upstream = (struct upstream_options){
		.contact = CONFIG_TEXT(s->config, upstream, contact),
		.proxy = CONFIG_TEXT(s->config, upstream, proxy),
		.connect_timeout_ms = CONFIG_NUMBER(s->config, upstream, connect_timeout),
		.timeout_ms = CONFIG_NUMBER(s->config, upstream, timeout),
		.max_body_bytes = (size_t)CONFIG_NUMBER(s->config, upstream, max_body_bytes),
	};
	return is_printable(s->upstream.contact) ||
	       complain("[upstream] contact", "plain ASCII is needed here");
}

/* The one of `[upstream] token`, or without a key. */
static bool read_identity(struct settings *s)
{
	struct str token = CONFIG_TEXT(s->config, upstream, token);

	if (!read_secret("[upstream] token_file", CONFIG_TEXT(s->config, upstream, token_file),
			 s->token, sizeof(s->token), &token))
		return false;
	if (!token_is_sound(token))
		return complain("[upstream] token", "it has a character that no key has");
	if (token.n || !CONFIG_TEXT(s->config, upstream, identities).n)
		s->identities.list[s->identities.n++] = (struct identity){ .token = token };
	return true;
}

/* One line of the file; NULL, or what is wrong with it. */
static const char *add_identity(struct settings *s, struct str line)
{
	struct identities *ids = &s->identities;
	struct identity_line read;
	const char *why = identity_parse(line, &read);
	char path[PATH_MAX];

	if (why)
		return why;
	if (ids->n == IDENTITIES_MAX)
		return "there are too many identities";
	if (identities_have(ids, read.identity.name))
		return "there is one of that name already";
	if (read.token_file.n) {
		if (read.token_file.n >= sizeof(path))
			return "the path is too long";
		memcpy(path, read.token_file.p, read.token_file.n);
		path[read.token_file.n] = '\0';
		if (!read_secret(path, str_from(path), s->tokens[ids->n], sizeof(s->tokens[ids->n]),
				 &read.identity.token) ||
		    !read.identity.token.n || !token_is_sound(read.identity.token))
			return "there is no key in that file";
	}
	ids->list[ids->n++] = read.identity;
	return NULL;
}

static bool read_identities(struct settings *s)
{
	struct str path = CONFIG_TEXT(s->config, upstream, identities);
	bool good = read_identity(s);
	struct str rest;
	size_t n;

	if (!path.n)
		return good;
	s->identities_text = read_file(path.p, IDENTITIES_FILE_BYTES, &n);
	if (!s->identities_text)
		return complain("[upstream] identities", "the file cannot be read");
	rest = (struct str){ s->identities_text, n };
	for (int i = 1; rest.n; i++) {
		struct str line = str_trim(str_cut(&rest, '\n'));
		const char *why = line.n && line.p[0] != '#' ? add_identity(s, line) : NULL;

		if (why)
			report_line((void *)path.p, i, why);
		good = good && !why;
	}
	return good && (s->identities.n || complain("[upstream] identities", "it names none"));
}

/* Every request that waits is an open file: half of what may be open is left to all else. */
static size_t waiting_max(const struct settings *s)
{
	size_t wanted = (size_t)CONFIG_NUMBER(s->config, server, waiting_max);
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_max / 2 < wanted)
		return files.rlim_max / 2;
	return wanted;
}

static bool is_percentage(const char *key, int64_t least, int64_t value)
{
	return (value >= least && value <= 100) || complain(key, "it is a percentage");
}

static bool read_fills(struct settings *s)
{
	int64_t reserve = CONFIG_NUMBER(s->config, upstream, reserve);
	int64_t client = CONFIG_NUMBER(s->config, upstream, client_share);
	int64_t local = CONFIG_NUMBER(s->config, upstream, local_share);
	bool good;

	origin_switch_init(&s->origin, (enum mode)CONFIG_NUMBER(s->config, upstream, origin));
	s->fills = (struct fills_options){
		.origin = &s->origin,
		.wait_ms = CONFIG_NUMBER(s->config, server, wait),
		.waiting_max = waiting_max(s),
		.retry_ms = CONFIG_NUMBER(s->config, upstream, retry),
		.permit = { .reserve_percent = (uint32_t)reserve,
			    .client_percent = (uint32_t)client,
			    .local_percent = (uint32_t)local,
			    .call_ms = CONFIG_NUMBER(s->config, upstream, timeout),
			    .identities = &s->identities },
	};
	good = is_percentage("[upstream] reserve", 0, reserve);
	good = is_percentage("[upstream] client_share", 1, client) && good;
	return is_percentage("[upstream] local_share", 0, local) && good;
}

static bool read_bases(struct settings *s)
{
	const char *why = bases_parse(CONFIG_TEXT(s->config, public, base_urls), &s->bases);

	return !why || complain("[public] base_urls", why);
}

/* Its login: as its own settings say, else what stands in its address, unless that is one of
 * Sentinels. */
static bool read_redis_login(struct settings *s)
{
	struct str user = CONFIG_TEXT(s->config, redis, user);
	struct str password = CONFIG_TEXT(s->config, redis, password);

	if (!read_secret("[redis] password_file", CONFIG_TEXT(s->config, redis, password_file),
			 s->redis_password, sizeof(s->redis_password), &password))
		return false;
	if (password.n)
		s->redis.login = (struct redis_login){ user.n ? user.p : NULL, password.p };
	else if (!s->redis.address.master)
		s->redis.login = s->redis.address.login;
	return password.n || !user.n || complain("[redis] user", "its password is missing");
}

static bool read_redis(struct settings *s)
{
	const char *why =
		redis_address_parse(CONFIG_TEXT(s->config, redis, address), &s->redis.address);

	s->redis.health = &s->redis_health;
	s->redis.timeouts = (struct redis_timeouts){
		.connect_ms = CONFIG_NUMBER(s->config, redis, connect_timeout),
		.command_ms = CONFIG_NUMBER(s->config, redis, command_timeout),
	};
	return read_redis_login(s) && (!why || complain("[redis] address", why));
}

static bool read_admin(struct settings *s)
{
	struct str *token = &s->admin.token;

	s->admin = (struct admin_options){
		.socket = CONFIG_TEXT(s->config, admin, socket),
		.socket_mode = (int)CONFIG_NUMBER(s->config, admin, socket_mode),
		.token = CONFIG_TEXT(s->config, admin, token),
		.redis = &s->redis,
		.prefix = CONFIG_TEXT(s->config, redis, prefix),
	};
	if (!read_secret("[admin] token_file", CONFIG_TEXT(s->config, admin, token_file),
			 s->admin_token_text, sizeof(s->admin_token_text), token))
		return false;
	if (token->n && token->n < SETTINGS_ADMIN_TOKEN)
		return complain("[admin] token", "16 characters at least are needed");
	return (is_printable(*token) && str_find(*token, ' ') == token->n) ||
	       complain("[admin] token", "it has a character that no header field can have");
}

/* All parts, so that all faults are said at once. */
static bool read_parts(struct settings *s)
{
	bool (*const parts[])(struct settings *) = { read_tables,   read_canon,	     read_bases,
						     read_upstream, read_identities, read_fills,
						     read_redis,    read_warm,	     read_admin };
	bool good = true;

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		good = parts[i](s) && good;
	return good;
}

bool settings_load(struct settings *s, const char *path, char *const *environment)
{
	*s = (struct settings){ .config = config_load(path, environment, report_setting, NULL) };
	return s->config && read_parts(s);
}

bool settings_load_again(struct settings *s, const char *path, char *const *environment,
			 const struct settings *running)
{
	bool good;

	is_running = true;
	good = settings_load(s, path, environment) &&
	       config_keep(s->config, running->config, report_kept, NULL);
	is_running = false;
	return good;
}

void settings_release(struct settings *s)
{
	warm_list_free(s->warm);
	free(s->identities_text);
	catalog_unref(s->catalog);
	config_free(s->config);
}
