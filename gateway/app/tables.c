#include "app/tables.h"

#include <pthread.h>
#include <stdlib.h>

struct tables {
	pthread_mutex_t lock; /* taking a reference must not cross the last one's end */
	struct catalog *catalog;
};

struct tables *tables_new(struct catalog *catalog)
{
	struct tables *t = calloc(1, sizeof(*t));

	if (!t) {
		catalog_unref(catalog);
		return NULL;
	}
	pthread_mutex_init(&t->lock, NULL);
	t->catalog = catalog;
	return t;
}

void tables_free(struct tables *t)
{
	if (!t)
		return;
	catalog_unref(t->catalog);
	pthread_mutex_destroy(&t->lock);
	free(t);
}

struct catalog *tables_take(struct tables *t)
{
	struct catalog *catalog;

	pthread_mutex_lock(&t->lock);
	catalog = catalog_ref(t->catalog);
	pthread_mutex_unlock(&t->lock);
	return catalog;
}

void tables_replace(struct tables *t, struct catalog *catalog)
{
	struct catalog *old;

	pthread_mutex_lock(&t->lock);
	old = t->catalog;
	t->catalog = catalog;
	pthread_mutex_unlock(&t->lock);
	catalog_unref(old);
}
