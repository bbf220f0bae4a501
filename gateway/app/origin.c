#include "app/origin.h"

#include "app/memory.h"
#include "io/log.h"
#include "policy/news.h"

static const struct str key = STR("origin");

/* Longer than any mode's word. */
#define WORD_BYTES 16

void origin_switch_init(struct origin_switch *o, enum mode configured)
{
	o->configured = configured;
	o->memory = NULL;
	atomic_init(&o->mode, (int)configured);
	atomic_init(&o->doubted, true);
}

enum mode origin_mode(const struct origin_switch *o)
{
	return o ? (enum mode)atomic_load_explicit(&o->mode, memory_order_relaxed) : MODE_NORMAL;
}

static void turn(struct origin_switch *o, enum mode mode)
{
	if (atomic_exchange(&o->mode, (int)mode) == (int)mode)
		return;
	if (o->memory)
		memory_turn(o->memory);
	log_line(LOG_WARN, "origin", "mode=%s", mode_word(mode));
}

bool origin_set(struct origin_switch *o, struct store *store, enum mode mode)
{
	const struct bulletin changed = { .kind = NEWS_ORIGIN };
	struct buf news = buf_init(NEWS_BYTES);
	bool taken;

	news_put(&news, &changed);
	taken = store->remember(store, key, str_from(mode_word(mode)), buf_str(&news));
	buf_release(&news);
	if (taken)
		turn(o, mode);
	return taken;
}

void origin_doubt(struct origin_switch *o)
{
	atomic_store(&o->doubted, true);
}

void origin_reread(struct origin_switch *o, struct store *store)
{
	struct buf word = buf_init(WORD_BYTES);
	enum mode mode = o->configured;

	if (!atomic_exchange(&o->doubted, false))
		return;
	switch (store->recall(store, key, &word)) {
	case LOAD_FOUND:
		if (!mode_parse(buf_str(&word), &mode))
			log_line(LOG_WARN, "origin_unreadable", "in_force=%s", mode_word(mode));
		turn(o, mode);
		break;
	case LOAD_ABSENT:
		turn(o, mode);
		break;
	case LOAD_BROKEN:
		origin_doubt(o);
		break;
	}
	buf_release(&word);
}
