#ifndef PERIGEE_APP_FILL_STATE_H
#define PERIGEE_APP_FILL_STATE_H

/*
 * The fills as those modules know them that make them up; nobody else looks in here.
 *
 *     app/fill_join.h    somebody asks: a fill is queued, or another one waits for it
 *     app/fill_call.h    its turn comes: the budget is asked, and upstream called
 *     app/fill_reply.h   the reply is in: it is judged and stored
 *     app/fill_end.h     it is over: the call is settled, and who waits is told
 *     app/fill.h         the thread that does all this, and what others see of it
 *
 * All but the first happens in that thread, which takes the lock for the table's sake, and never
 * while it asks the store or upstream. A fill that it has taken (FILL_TAKEN) stays until it lets
 * go of it.
 */

#include "app/fill_options.h"
#include "app/fill_table.h"
#include "base/buf.h"

#include <pthread.h>

struct fills {
	struct fills_options options;
	const struct clock *clock;
	struct store *store;	 /* the thread's */
	struct origin *origin;	 /* the thread's, but for wake() */
	struct permits *permits; /* the thread's */
	fills_resume *resume;
	void *ctx;
	pthread_t thread;
	bool started;
	char host[64];
	uint64_t instance; /* random: hosts may share a name, and process ids come again */
	uint64_t calls;	   /* the thread's; with instance it makes ids unique */
	struct buf news;   /* the thread's scratch */

	pthread_mutex_t lock; /* for all below */
	struct fill_table table;
	struct fills_options wanted; /* that the thread takes up when `changed` says so */
	bool changed;
	bool stopping;
	bool closed; /* the thread is at its end: nobody may join any more */
	struct mono stop_at;
};

#endif
