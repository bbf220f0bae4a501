#ifndef PERIGEE_FAKE_STORE_H
#define PERIGEE_FAKE_STORE_H

/*
 * A store in memory, by a fake clock.
 *
 * One struct fake_store stands for the Redis that all share; each thread opens a
 * struct store of its own on it. What is saved goes through the fields that
 * Redis would hold (policy/entry.h) and back. The budget is a true sliding log.
 * A test may turn the switches and read the counters at any time, from any
 * thread.
 */

#include <pthread.h>
#include <stdatomic.h>

#include "policy/ports.h"

#define FAKE_STORE_ENTRIES 256
#define FAKE_STORE_CALLS   256
#define FAKE_STORE_NOTES   80
#define FAKE_STORE_BUDGETS 4
#define FAKE_STORE_ANSWERS 64

struct fake_store {
	const struct clock *clock;

	/* switches */
	atomic_bool broken;	       /* nothing is answered, as without Redis */
	atomic_bool save_fails;	       /* only save() fails */
	atomic_bool reserve_fails;     /* only reserve() fails */
	atomic_bool elsewhere;	       /* every target is being fetched by another worker */
	atomic_bool uncalibrated;      /* until calibrate() */
	atomic_bool claimed_elsewhere; /* every claim() is */
	atomic_bool outdated;	       /* the same, unless any comparison will do */
	atomic_bool calibrate_fails;
	atomic_bool refuses;	    /* every reserve() is refused ... */
	_Atomic int64_t refuses_ms; /* ... until so much later */
	_Atomic int64_t purged_ms;  /* everything was purged then, by the clock's wall; 0: never */
	/* Called in reserve() before it decides, without a lock; set before threads start. */
	void (*on_reserve)(void *ctx);
	void *ctx;

	/* counters */
	atomic_int loads;
	atomic_int saves;
	atomic_int looks; /* find_answers() */
	atomic_int keeps; /* keep_answer() */
	atomic_int reserves;
	atomic_int background_reserves;
	atomic_int spare_reserves; /* of those */
	atomic_int settles;
	atomic_int settled_uncounted;
	atomic_int settled_unknown; /* that were not granted */
	atomic_int claims;
	atomic_int renewals;
	atomic_int calibrations;
	atomic_int guessed_cool_downs;
	atomic_int cool_downs;
	atomic_int opened; /* stores that are not freed yet */
	_Atomic int64_t last_keep_ms;
	_Atomic int64_t last_asked_ms; /* of purge_late() */
	_Atomic int64_t last_cool_ms;
	_Atomic int64_t last_window_ms;
	_Atomic int64_t last_hold_ms;
	_Atomic uint32_t last_limit;
	_Atomic uint32_t last_reserve;
	_Atomic int64_t last_compared_ms;

	pthread_mutex_t lock; /* for all below */
	struct fake_kept {
		struct entry *entry;
		int64_t until_ms; /* by the wall clock */
	} kept[FAKE_STORE_ENTRIES];
	size_t kept_n;
	struct fake_answer {
		char url[512];
		char target[512]; /* of the entry it is with; it is gone when that has another sum
				   */
		char sum[HASH_HEX_BYTES];
		struct buf value;
	} answers[FAKE_STORE_ANSWERS];
	size_t answers_n;
	struct fake_logged {
		char id[160];
		int64_t at_ms;
	} log[FAKE_STORE_CALLS];
	size_t log_n;
	struct fake_cool {
		char budget[40];
		int64_t until_ms;
	} cool[FAKE_STORE_BUDGETS];
	struct count count; /* that calibrate() was last given */
	struct fake_note {
		char folder[16]; /* empty: it stands by itself */
		char name[256];
		char value[256];
	} notes[FAKE_STORE_NOTES];
	size_t notes_n;
	char officer[64]; /* of all offices */
	int64_t officer_until_ms;
	struct fake_verdict {
		char budget[40];
		enum verdict verdict;
		int64_t wait_ms;
	} verdicts[FAKE_STORE_BUDGETS]; /* what reserve() says of these, whatever the log has */
	char budget[40];		/* of the last call that was granted */
	char client[32];		/* of the last reserve() */
	char news[512];			/* of the last settle() */
};

void fake_store_init(struct fake_store *s, const struct clock *clock);
void fake_store_release(struct fake_store *s);

/* A store on it for one thread; its free() gives it back. NULL without memory. */
struct store *fake_store_open(struct fake_store *s);

/* Puts a copy of the entry into it for as long as it is usable. */
void fake_store_put(struct fake_store *s, const struct entry *e);

/* A reference to what is kept for the target, or NULL. */
struct entry *fake_store_get(struct fake_store *s, struct str target);

/* Is an answer stored by that URL, with an entry that is still there? */
bool fake_store_has_answer(struct fake_store *s, const char *url);

/* Changes a byte of each answer that is stored. */
void fake_store_damage_answers(struct fake_store *s);

/* Puts a note into a folder, or (with an empty folder) by itself; an empty value takes it away. */
void fake_store_note(struct fake_store *s, const char *folder, const char *name, const char *value);

/* What reserve() says of this budget from now on; GRANTED: what the log has. */
void fake_store_rule(struct fake_store *s, const char *budget, enum verdict verdict,
		     int64_t wait_ms);

/* Calls that the budget's log holds now. */
size_t fake_store_logged(struct fake_store *s);

#endif
