#include "cli/ask.h"

#include "policy/mode.h"

#include <string.h>

static const char *text(const json_t *o, const char *name)
{
	const char *value = json_string_value(json_object_get(o, name));

	return value ? value : "-";
}

static void show(const json_t *answer)
{
	printf("%s", text(answer, "mode"));
	if (strcmp(text(answer, "mode"), text(answer, "configured")) != 0)
		printf(" (the configuration says %s)", text(answer, "configured"));
	putchar('\n');
}

enum cli_exit origin_run(struct cli *cli)
{
	const char *mode = cli->operands_n ? cli->operands[0] : NULL;
	enum mode ignored;
	struct ask ask;

	if (cli->operands_n > 1 || (mode && !mode_parse(str_from(mode), &ignored)))
		return cli_usage(cli, "the mode is one of normal, avoid and never");
	ask = ask_init(mode ? "POST" : "GET", "/admin/origin");
	if (mode)
		ask_param(&ask, "mode", mode);
	return ask_and_show(cli, &ask, show);
}
