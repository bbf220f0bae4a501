#include "app/status_board.h"

#include "app/boards.h"
#include "app/lookup.h"
#include "app/status_json.h"

#include <stdlib.h>

/* Nobody has waited for what took less. */
#define SLOW_MS 20

static struct str name_of(const char text[static BOARD_NAME_BYTES])
{
	return (struct str){ text, strnlen(text, BOARD_NAME_BYTES) };
}

/* How old what is stored for a client's target is: looked up as for a request, without one. */
static void put_age(const struct status_view *v, json_t *o, struct str target)
{
	struct exchange as_if = { .arena = v->arena };
	struct refusal refusal = { .faults_n = 0 };
	struct lookup found = { .broken = false };
	struct wall fetched = { 0 };
	struct wall until = { 0 };
	struct fail ignored;

	/* Of a longer one only the beginning is known. */
	if (target.n < BOARD_NAME_BYTES &&
	    canon_request(v->catalog, &v->gw->canon, target, v->arena, &as_if.canon, &refusal) &&
	    look_up(v->gw, v->store, &as_if, &found, &ignored) && found.state != ENTRY_ABSENT) {
		for (size_t i = 0; i < LOOKUP_ENTRIES && found.entries[i]; i++) {
			const struct entry *e = found.entries[i];

			if (!i || e->fetched.ms < fetched.ms)
				fetched = e->fetched;
			if (!i || e->fresh_until.ms < until.ms)
				until = e->fresh_until;
		}
	}
	lookup_release(&found);
	json_object_set_new(o, "fetched_at", status_moment(fetched.ms));
	json_object_set_new(o, "fresh_until", status_moment(until.ms));
}

static json_t *wanted(const struct status_view *v, const struct board *b)
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < b->wanted_n; i++) {
		struct str target = name_of(b->wanted[i].name);
		json_t *o = json_pack("{s:o,s:I}", "target", status_text(target), "asked",
				      (json_int_t)(b->wanted[i].weight + 0.5));

		put_age(v, o, target);
		json_array_append_new(list, o);
	}
	return list;
}

static json_t *slowest(const struct board *b)
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < b->slow_n; i++)
		if (b->slow[i].largest >= SLOW_MS)
			json_array_append_new(list,
					      json_pack("{s:o,s:I,s:I}", "target",
							status_text(name_of(b->slow[i].name)),
							"took_ms", (json_int_t)b->slow[i].largest,
							"times", (json_int_t)b->slow[i].times));
	return list;
}

static json_t *fills(const struct board *b)
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < b->fills_n; i++) {
		const struct board_fill *fill = &b->fills[i];

		json_array_append_new(list, json_pack("{s:o,s:s,s:b,s:I}", "target",
						      status_text(name_of(fill->target)), "class",
						      fill->background ? "background" : "demand",
						      "calling", (int)(fill->calling != 0),
						      "waiting", (json_int_t)fill->waiting));
	}
	return list;
}

void status_put_board(const struct status_view *v, json_t *o)
{
	struct board *b = malloc(sizeof(*b));

	if (!b)
		return;
	boards_gather(v->gw->metrics, b);
	json_object_set_new(o, "fills", fills(b));
	json_object_set_new(o, "fills_all", status_number(b->fills_all));
	json_object_set_new(o, "wanted", wanted(v, b));
	json_object_set_new(o, "slowest", slowest(b));
	free(b);
}
