#include "io/store.h"

#include "base/limits.h"
#include "io/composed_store.h"
#include "io/gzip.h"
#include "io/log.h"
#include "io/purges.h"
#include "io/scripts.h"

#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>

#define KEY_BYTES (4 * LIMIT_TARGET_BYTES + 256)

struct redis_store {
	struct store store; /* first, so that one is the other */
	struct redis *redis;
	counter *unreadable; /* NULL: not counted */
	struct str prefix;
	char channel_text[STORE_CHANNEL_BYTES];
	struct str channel;
	struct buf key;	    /* scratch, kept over calls */
	struct buf scratch; /* likewise */
	struct buf body;    /* likewise: an entry's, in gzip or taken out of it */
	struct composed_store answers;
};

static struct redis_store *of(struct store *store)
{
	return (struct redis_store *)store;
}

static struct str entry_key(struct redis_store *s, struct str target)
{
	buf_clear(&s->key);
	buf_put(&s->key, s->prefix);
	buf_put_char(&s->key, ':');
	buf_put(&s->key, target);
	return buf_str(&s->key);
}

struct str store_budget_key(struct str prefix, struct str budget, const char *what,
			    char text[static STORE_KEY_BYTES])
{
	struct str identity = budget;
	struct str all = str_cut(&identity, '/');
	int n = snprintf(text, STORE_KEY_BYTES, "%.*s:{%.*s}:%.*s%s%s", STR_ARG(prefix),
			 STR_ARG(all), STR_ARG(identity), identity.n ? ":" : "", what);

	return (struct str){ text, n > 0 && n < STORE_KEY_BYTES ? (size_t)n : 0 };
}

static struct str number_text(int64_t number, char text[static 24])
{
	return (struct str){ text, (size_t)snprintf(text, 24, "%lld", (long long)number) };
}

/* One command, one reply that is no error; NULL otherwise. */
static redisReply *run_one(struct redis_store *s, const struct str *argv, size_t argc)
{
	const struct redis_command command = { argc, argv };
	redisReply *reply;

	if (!redis_run(s->redis, &command, 1, &reply))
		return NULL;
	if (reply->type != REDIS_REPLY_ERROR)
		return reply;
	log_line(LOG_WARN, "redis_error", "reason=\"%s\"", reply->str);
	freeReplyObject(reply);
	return NULL;
}

/* ---- entries ---- */

static struct entry *entry_of(struct redis_store *s, const redisReply *reply, struct str target)
{
	struct str fields[ENTRY_FIELDS];
	struct entry *e;
	bool any = false;

	if (reply->type != REDIS_REPLY_ARRAY || reply->elements != ENTRY_FIELDS)
		return NULL;
	for (size_t i = 0; i < ENTRY_FIELDS; i++) {
		const redisReply *field = reply->element[i];

		fields[i] = (struct str){ NULL, 0 };
		if (field->type == REDIS_REPLY_STRING)
			fields[i] = (struct str){ field->str, field->len };
		any |= field->type == REDIS_REPLY_STRING;
	}
	if (!any)
		return NULL;
	buf_clear(&s->body);
	gzip_take(&s->body, fields[ENTRY_FIELD_BODY]);
	fields[ENTRY_FIELD_BODY] = buf_str(&s->body);
	e = s->body.failed ? NULL : entry_read(fields);
	if (e && !str_eq(e->target, target)) {
		entry_unref(e);
		e = NULL;
	}
	if (e)
		return e;
	log_line(LOG_WARN, "entry_unreadable", "target=%.*s", STR_ARG(target));
	if (s->unreadable)
		counter_add(s->unreadable, 1);
	return NULL;
}

/* A key that is no hash is no entry either; saving one replaces it. */
static bool is_wrong_type(const redisReply *reply)
{
	return str_starts((struct str){ reply->str, reply->len }, STR("WRONGTYPE"));
}

static enum load load(struct store *store, struct str target, struct entry **ret)
{
	struct redis_store *s = of(store);
	struct str argv[2 + ENTRY_FIELDS] = { STR("HMGET"), entry_key(s, target) };
	const struct redis_command command = { 2 + ENTRY_FIELDS, argv };
	redisReply *reply;
	bool broken;

	if (s->key.failed)
		return LOAD_BROKEN;
	for (size_t i = 0; i < ENTRY_FIELDS; i++)
		argv[2 + i] = str_from(entry_field_names[i]);
	if (!redis_read(s->redis, &command, 1, &reply))
		return LOAD_BROKEN;
	broken = reply->type == REDIS_REPLY_ERROR && !is_wrong_type(reply);
	*ret = broken ? NULL : entry_of(s, reply, target);
	freeReplyObject(reply);
	if (broken)
		return LOAD_BROKEN;
	return *ret ? LOAD_FOUND : LOAD_ABSENT;
}

static bool save(struct store *store, struct str target, const struct entry *e, int64_t keep_ms)
{
	struct redis_store *s = of(store);
	struct str key = entry_key(s, target);
	struct str fields[ENTRY_FIELDS];
	struct str hset[2 + 2 * ENTRY_FIELDS] = { STR("HSET"), key };
	char keep_text[24];
	struct str expire[] = { STR("PEXPIRE"), key, number_text(keep_ms, keep_text) };
	struct str del[] = { STR("DEL"), key };
	struct str multi[] = { STR("MULTI") };
	struct str exec[] = { STR("EXEC") };
	const struct redis_command commands[] = {
		{ 1, multi }, { 2, del }, { 2 + 2 * ENTRY_FIELDS, hset }, { 3, expire }, { 1, exec }
	};
	enum { COMMANDS = sizeof(commands) / sizeof(commands[0]) };
	redisReply *replies[COMMANDS];
	bool saved;

	buf_clear(&s->scratch);
	buf_clear(&s->body);
	gzip_put(&s->body, e->body);
	if (s->key.failed || s->body.failed || !entry_write(e, &s->scratch, fields))
		return false;
	fields[ENTRY_FIELD_BODY] = buf_str(&s->body);
	for (size_t i = 0; i < ENTRY_FIELDS; i++) {
		hset[2 + 2 * i] = str_from(entry_field_names[i]);
		hset[3 + 2 * i] = fields[i];
	}
	if (!redis_run(s->redis, commands, COMMANDS, replies))
		return false;
	saved = replies[COMMANDS - 1]->type == REDIS_REPLY_ARRAY;
	if (!saved)
		log_line(LOG_WARN, "redis_error", "reason=\"%s\" target=%.*s",
			 replies[COMMANDS - 1]->type == REDIS_REPLY_ERROR
				 ? replies[COMMANDS - 1]->str
				 : "not saved",
			 STR_ARG(target));
	for (size_t i = 0; i < COMMANDS; i++)
		freeReplyObject(replies[i]);
	return saved;
}

static bool purge_late(struct store *store, const struct entry *e, int64_t asked_ms)
{
	struct redis_store *s = of(store);

	return purges_late(s->redis, s->prefix, e, asked_ms);
}

/* ---- composed answers ---- */

static void find_answers(struct store *store, struct answer_query *const *queries, size_t n)
{
	composed_store_find(&of(store)->answers, queries, n);
}

static void keep_answer(struct store *store, struct str target, struct str sum, struct str url,
			const struct composed *answer)
{
	composed_store_keep(&of(store)->answers, target, sum, url, answer);
}

/* ---- the budget ---- */

static bool is_integers(const redisReply *reply, size_t n)
{
	if (reply->type != REDIS_REPLY_ARRAY || reply->elements != n)
		return false;
	for (size_t i = 0; i < n; i++)
		if (reply->element[i]->type != REDIS_REPLY_INTEGER)
			return false;
	return true;
}

/* The most integers that a script answers with, and arguments that one takes. */
#define ANSWER_MAX    6
#define ARGUMENTS_MAX 12

/* A script's call: keys and arguments are appended, numbers as text of their own. */
struct script {
	struct str argv[3 + ARGUMENTS_MAX + ANSWER_MAX];
	size_t argc;
	char numbers[ARGUMENTS_MAX][24];
	size_t numbers_n;
};

static struct script script_new(const char *text, const char *keys_n)
{
	return (struct script){ .argv = { STR("EVAL"), str_from(text), str_from(keys_n) },
				.argc = 3 };
}

static void add(struct script *c, struct str argument)
{
	c->argv[c->argc++] = argument;
}

static void add_number(struct script *c, int64_t number)
{
	add(c, number_text(number, c->numbers[c->numbers_n++]));
}

/* Runs it; n integers, or false if Redis did not answer so. */
static bool run_script(struct redis_store *s, const struct script *c, int64_t *answer, size_t n)
{
	redisReply *reply = run_one(s, c->argv, c->argc);
	bool good = reply && (n ? is_integers(reply, n) : true);

	for (size_t i = 0; good && i < n; i++)
		answer[i] = reply->element[i]->integer;
	freeReplyObject(reply);
	return good;
}

static enum verdict verdict_of(int64_t word)
{
	static const enum verdict verdicts[] = { VERDICT_REFUSED, VERDICT_GRANTED,
						 VERDICT_ELSEWHERE, VERDICT_UNCALIBRATED };

	return word >= 0 && word < 4 ? verdicts[word] : VERDICT_BROKEN;
}

/* What reserve and claim answer. */
static enum verdict ask(struct redis_store *s, const struct script *c, struct allowance *ret)
{
	int64_t answer[4];

	if (!run_script(s, c, answer, 4))
		return VERDICT_BROKEN;
	*ret = (struct allowance){ .remaining = (uint32_t)answer[1],
				   .wait_ms = answer[2],
				   .asked_ms = answer[3] };
	return verdict_of(answer[0]);
}

/* The keys of a ticket's budget and target. */
struct ticket_keys {
	char calls[STORE_KEY_BYTES];
	char state[STORE_KEY_BYTES];
	char askers[STORE_KEY_BYTES];
};

static struct str fill_key(struct redis_store *s, const struct ticket *t)
{
	struct str rest = t->budget;
	struct str shared = str_cut(&rest, '/');

	buf_clear(&s->key);
	buf_put(&s->key, s->prefix);
	buf_putf(&s->key, ":{%.*s}:fill:", STR_ARG(shared));
	buf_put(&s->key, t->target);
	return buf_str(&s->key);
}

static enum verdict reserve(struct store *store, const struct reservation *r, struct allowance *ret)
{
	struct redis_store *s = of(store);
	const struct ticket *t = &r->ticket;
	struct ticket_keys keys;
	struct script c = script_new(script_reserve, "4");

	add(&c, store_budget_key(s->prefix, t->budget, "calls", keys.calls));
	add(&c, store_budget_key(s->prefix, t->budget, "state", keys.state));
	add(&c, fill_key(s, t));
	add(&c, store_budget_key(s->prefix, t->budget, "askers", keys.askers));
	add_number(&c, r->quota.calls);
	add_number(&c, r->quota.window_ms);
	add_number(&c, t->hold_ms);
	add(&c, t->id);
	add_number(&c, r->reserve);
	add(&c, t->client);
	add_number(&c, r->client_share);
	add_number(&c, LEASE_MS);
	add_number(&c, r->calibrated);
	add_number(&c, r->compared_ms);
	add_number(&c, t->spare);
	return s->key.failed ? VERDICT_BROKEN : ask(s, &c, ret);
}

static enum verdict claim(struct store *store, const struct ticket *t, struct allowance *ret)
{
	struct redis_store *s = of(store);
	struct ticket_keys keys;
	struct script c = script_new(script_claim, "2");

	add(&c, fill_key(s, t));
	add(&c, store_budget_key(s->prefix, t->budget, "state", keys.state));
	add(&c, t->id);
	add_number(&c, LEASE_MS);
	return s->key.failed ? VERDICT_BROKEN : ask(s, &c, ret);
}

static void renew(struct store *store, const struct ticket *t)
{
	struct redis_store *s = of(store);
	struct ticket_keys keys;
	struct script c = script_new(script_renew, "2");

	add(&c, fill_key(s, t));
	add(&c, store_budget_key(s->prefix, t->budget, "calls", keys.calls));
	add(&c, t->id);
	add_number(&c, LEASE_MS);
	add(&c, t->client);
	add_number(&c, t->hold_ms);
	run_script(s, &c, NULL, 0);
}

static void settle(struct store *store, const struct ticket *t, enum counted counted,
		   struct str news)
{
	static const struct str words[] = {
		[COUNTED_NO] = STR("0"), [COUNTED_YES] = STR("1"), [COUNTED_PERHAPS] = STR("?")
	};
	struct redis_store *s = of(store);
	struct ticket_keys keys;
	struct script c = script_new(script_settle, "2");

	add(&c, store_budget_key(s->prefix, t->budget, "calls", keys.calls));
	add(&c, fill_key(s, t));
	add(&c, t->id);
	add(&c, t->client);
	add(&c, words[counted]);
	add(&c, s->channel);
	add(&c, news);
	add_number(&c, t->hold_ms);
	/* Without Redis the call stays held until its latest moment, which is the safe side. */
	run_script(s, &c, NULL, 0);
}

static bool calibrate(struct store *store, struct str budget, const struct count *count)
{
	struct redis_store *s = of(store);
	struct ticket_keys keys;
	struct script c = script_new(script_calibrate, "2");

	add(&c, store_budget_key(s->prefix, budget, "calls", keys.calls));
	add(&c, store_budget_key(s->prefix, budget, "state", keys.state));
	add_number(&c, count->quota.calls);
	add_number(&c, count->quota.window_ms);
	add_number(&c, count->used);
	add_number(&c, count->wait_ms);
	add_number(&c, count->asked_ms);
	return run_script(s, &c, NULL, 0);
}

static bool usage(struct store *store, struct str budget, struct quota quota, struct count *ret)
{
	struct redis_store *s = of(store);
	int64_t answer[6];
	struct ticket_keys keys;
	struct script c = script_new(script_usage, "2");

	add(&c, store_budget_key(s->prefix, budget, "calls", keys.calls));
	add(&c, store_budget_key(s->prefix, budget, "state", keys.state));
	add_number(&c, quota.calls);
	add_number(&c, quota.window_ms);
	if (!run_script(s, &c, answer, 6))
		return false;
	*ret = (struct count){ .quota = { (uint32_t)answer[0], answer[1] },
			       .used = (uint32_t)answer[2],
			       .wait_ms = answer[3],
			       .free_ms = answer[4],
			       .cool_ms = answer[5] };
	return true;
}

static void cool_down(struct store *store, struct str budget, int64_t ms, bool guessed)
{
	struct redis_store *s = of(store);
	struct ticket_keys keys;
	struct script c = script_new(script_cool, "1");

	add(&c, store_budget_key(s->prefix, budget, "state", keys.state));
	add_number(&c, ms);
	add_number(&c, guessed);
	run_script(s, &c, NULL, 0);
}

/* `name:123` of a section of INFO; -1: it is not there. */
static int64_t info_number(const redisReply *reply, struct str name)
{
	struct str rest = { NULL, 0 };
	int64_t number;

	if (reply->type == REDIS_REPLY_STRING)
		rest = (struct str){ reply->str, reply->len };
	while (rest.n) {
		struct str value = str_cut(&rest, '\n');

		if (str_eq(str_cut(&value, ':'), name))
			return str_to_i64(str_trim(value), &number) ? number : -1;
	}
	return -1;
}

static bool stats(struct store *store, struct store_stats *ret)
{
	const struct str memory[] = { STR("INFO"), STR("memory") };
	const struct str evictions[] = { STR("INFO"), STR("stats") };
	const struct str keys[] = { STR("DBSIZE") };
	const struct redis_command commands[] = { { 2, memory }, { 2, evictions }, { 1, keys } };
	redisReply *replies[3];

	if (!redis_run(of(store)->redis, commands, 3, replies))
		return false;
	*ret = (struct store_stats){
		.keys = replies[2]->type == REDIS_REPLY_INTEGER ? replies[2]->integer : -1,
		.bytes = info_number(replies[0], STR("used_memory")),
		.bytes_max = info_number(replies[0], STR("maxmemory")),
		.evicted = info_number(replies[1], STR("evicted_keys")),
	};
	for (size_t i = 0; i < 3; i++)
		freeReplyObject(replies[i]);
	return true;
}

/* ---- notes ---- */

static struct str note_key(struct redis_store *s, struct str name,
			   char text[static STORE_KEY_BYTES])
{
	int n = snprintf(text, STORE_KEY_BYTES, "%.*s:%.*s", STR_ARG(s->prefix), STR_ARG(name));

	return (struct str){ text, n > 0 && n < STORE_KEY_BYTES ? (size_t)n : 0 };
}

static struct str text_of(const redisReply *reply)
{
	return reply->type == REDIS_REPLY_STRING ? (struct str){ reply->str, reply->len }
						 : (struct str){ NULL, 0 };
}

/* NULL: Redis did not answer; an error other than that the key holds something else is none. */
static redisReply *read_note(struct redis_store *s, const struct str *argv, size_t argc)
{
	const struct redis_command command = { argc, argv };
	redisReply *reply;

	if (!redis_run(s->redis, &command, 1, &reply))
		return NULL;
	if (reply->type != REDIS_REPLY_ERROR || is_wrong_type(reply))
		return reply;
	freeReplyObject(reply);
	return NULL;
}

static enum load recall(struct store *store, struct str name, struct buf *ret)
{
	struct redis_store *s = of(store);
	char key[STORE_KEY_BYTES];
	const struct str argv[] = { STR("GET"), note_key(s, name, key) };
	redisReply *reply = read_note(s, argv, 2);
	enum load load = LOAD_ABSENT;

	if (!reply)
		return LOAD_BROKEN;
	if (reply->type == REDIS_REPLY_STRING) {
		buf_put(ret, text_of(reply));
		load = LOAD_FOUND;
	}
	freeReplyObject(reply);
	return load;
}

/* Were all of them done? */
static bool run_all(struct redis_store *s, const struct redis_command *commands, size_t n)
{
	redisReply *replies[2];
	bool done = redis_run(s->redis, commands, n, replies);

	for (size_t i = 0; done && i < n; i++) {
		if (replies[i]->type == REDIS_REPLY_ERROR) {
			log_line(LOG_WARN, "redis_error", "reason=\"%s\"", replies[i]->str);
			done = false;
		}
		freeReplyObject(replies[i]);
		replies[i] = NULL;
	}
	return done;
}

static bool remember(struct store *store, struct str name, struct str value, struct str news)
{
	struct redis_store *s = of(store);
	char key[STORE_KEY_BYTES];
	const struct str set[] = { STR("SET"), note_key(s, name, key), value };
	const struct str publish[] = { STR("PUBLISH"), s->channel, news };
	const struct redis_command commands[] = { { 3, set }, { 3, publish } };

	return run_all(s, commands, news.n ? 2 : 1);
}

static bool recall_all(struct store *store, struct str folder, note_visit *visit, void *ctx)
{
	struct redis_store *s = of(store);
	char key[STORE_KEY_BYTES];
	const struct str argv[] = { STR("HGETALL"), note_key(s, folder, key) };
	redisReply *reply = read_note(s, argv, 2);

	for (size_t i = 0; reply && reply->type == REDIS_REPLY_ARRAY && i + 1 < reply->elements;
	     i += 2)
		visit(ctx, text_of(reply->element[i]), text_of(reply->element[i + 1]));
	freeReplyObject(reply);
	return reply != NULL;
}

static bool remember_in(struct store *store, struct str folder, struct str name, struct str value)
{
	struct redis_store *s = of(store);
	char key[STORE_KEY_BYTES];
	const struct str hset[] = { STR("HSET"), note_key(s, folder, key), name, value };
	const struct str hdel[] = { STR("HDEL"), hset[1], name };
	const struct redis_command command = { value.n ? 4 : 3, value.n ? hset : hdel };

	return run_all(s, &command, 1);
}

static bool hold_office(struct store *store, struct str office, struct str id, int64_t ms)
{
	struct redis_store *s = of(store);
	char key[STORE_KEY_BYTES];
	struct script c = script_new(script_hold, "1");
	int64_t answer[1];

	add(&c, note_key(s, office, key));
	add(&c, id);
	add_number(&c, ms);
	return run_script(s, &c, answer, 1) && answer[0];
}

static bool ping(struct store *store)
{
	struct str argv[] = { STR("PING") };
	redisReply *reply = run_one(of(store), argv, 1);
	bool answered = reply != NULL;

	freeReplyObject(reply);
	return answered;
}

static void free_store(struct store *store)
{
	struct redis_store *s = of(store);

	if (!store)
		return;
	composed_store_release(&s->answers);
	redis_free(s->redis);
	buf_release(&s->key);
	buf_release(&s->scratch);
	buf_release(&s->body);
	free(s);
}

struct str store_channel(struct str prefix, char text[static STORE_CHANNEL_BYTES])
{
	int n = snprintf(text, STORE_CHANNEL_BYTES, "%.*s:news", STR_ARG(prefix));

	return (struct str){ text, n > 0 && n < STORE_CHANNEL_BYTES ? (size_t)n : 0 };
}

struct store *store_new(const struct redis_options *options, struct str prefix)
{
	struct redis_store *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	*s = (struct redis_store){ .store = { .load = load,
					      .save = save,
					      .find_answers = find_answers,
					      .keep_answer = keep_answer,
					      .purge_late = purge_late,
					      .reserve = reserve,
					      .claim = claim,
					      .renew = renew,
					      .settle = settle,
					      .calibrate = calibrate,
					      .cool_down = cool_down,
					      .usage = usage,
					      .stats = stats,
					      .recall = recall,
					      .remember = remember,
					      .recall_all = recall_all,
					      .remember_in = remember_in,
					      .hold_office = hold_office,
					      .ping = ping,
					      .free = free_store },
				   .unreadable = options->health->unreadable,
				   .prefix = prefix,
				   .key = buf_init(KEY_BYTES),
				   .scratch = buf_init(1024UL * 1024),
				   .body = buf_init(LIMIT_ANSWER_BYTES) };
	s->channel = store_channel(prefix, s->channel_text);
	s->redis = redis_new(options);
	s->answers = composed_store_new(s->redis, prefix, options->health->unreadable);
	if (s->redis)
		return &s->store;
	free_store(&s->store);
	return NULL;
}
