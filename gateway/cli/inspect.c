#include "cli/ask.h"
#include "cli/print.h"

static const char *text(const json_t *o, const char *name)
{
	const char *value = json_string_value(json_object_get(o, name));

	return value ? value : "-";
}

static long long number(const json_t *o, const char *name)
{
	return json_integer_value(json_object_get(o, name));
}

/* `fresh`, `stale, in doubt`, `not there`. */
static void show_where(const char *label, const json_t *where)
{
	if (json_is_null(where) || !where) {
		printf("    %-10s not there\n", label);
		return;
	}
	printf("    %-10s %s", label, text(where, "state"));
	if (json_is_true(json_object_get(where, "in_doubt")))
		printf(", in doubt: Redis is asked");
	if (json_object_get(where, "purged_at"))
		printf(", purged at %s", text(where, "purged_at"));
	if (json_object_get(where, "kept_for_s")) {
		char left[QUANTITY_BYTES];

		printf(", kept for another %s", say_seconds(number(where, "kept_for_s"), left));
	}
	putchar('\n');
}

static void show_fill(const json_t *fill)
{
	char left[QUANTITY_BYTES];

	if (json_is_null(fill))
		return;
	printf("    %-10s %s", "fetching", text(fill, "state"));
	if (json_object_get(fill, "reason"))
		printf(": %s (%s); tried again after %s", text(fill, "detail"),
		       text(fill, "reason"), say_seconds(number(fill, "retry_after_s"), left));
	else
		printf(", for %s, %lld waiting", text(fill, "class"), number(fill, "waiters"));
	putchar('\n');
}

static void show_entry(const json_t *place)
{
	long long fresh_for = number(place, "fresh_for_s");
	char age[QUANTITY_BYTES];
	char left[QUANTITY_BYTES];
	char size[QUANTITY_BYTES];

	printf("    %-10s %s, status %lld, %s", "entry", text(place, "kind"),
	       number(place, "status"), say_bytes(number(place, "bytes"), size));
	if (json_object_get(place, "objects"))
		printf(", %lld of %lld objects", number(place, "objects"), number(place, "count"));
	printf("\n    %-10s %s, %s ago\n", "fetched", text(place, "fetched_at"),
	       say_seconds(number(place, "age_s"), age));
	if (str_eq(str_from(text(place, "state")), STR("fresh")))
		printf("    %-10s for another %s, until %s\n", "fresh",
		       say_seconds(fresh_for, left), text(place, "fresh_until"));
	else
		printf("    %-10s for %s; usable until %s\n", "stale",
		       say_seconds(-fresh_for, left), text(place, "usable_until"));
}

static void show_place(const json_t *place)
{
	printf("\n  %s: %s\n", text(place, "target"), text(place, "state"));
	if (json_object_get(place, "stand_in"))
		printf("    %-10s %s\n", "stand-in", text(place, "stand_in"));
	if (json_object_get(place, "kind"))
		show_entry(place);
	show_where("memory", json_object_get(place, "memory"));
	show_where("Redis", json_object_get(place, "redis"));
	show_fill(json_object_get(place, "fill"));
}

static void show(const json_t *answer)
{
	const json_t *place;
	size_t i;

	printf("%s\n", text(answer, "target"));
	printf("  endpoint   %s\n", text(answer, "endpoint"));
	if (!json_is_true(json_object_get(answer, "is_object")))
		printf("  page       %lld objects from %lld on%s\n", number(answer, "limit"),
		       number(answer, "offset"),
		       number(answer, "moving_bounds") ? ", with bounds of time that move" : "");
	printf("  answer     %s: %s\n", text(answer, "plan"), text(answer, "why"));
	if (json_object_get(answer, "wanted"))
		printf("  to fetch   %s\n", text(answer, "wanted"));
	json_array_foreach(json_object_get(answer, "places"), i, place)
	{
		show_place(place);
	}
}

enum cli_exit inspect_run(struct cli *cli)
{
	struct ask ask = ask_init("GET", "/admin/inspect");

	if (cli->operands_n != 1) {
		ask_release(&ask);
		return cli_usage(cli, "one URL is needed");
	}
	ask_param(&ask, "url", cli->operands[0]);
	return ask_and_show(cli, &ask, show);
}
