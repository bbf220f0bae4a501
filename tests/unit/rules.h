#ifndef PERIGEE_UNIT_RULES_H
#define PERIGEE_UNIT_RULES_H

/* What counts as a link in tests: two public hosts, and one that is asked itself. */

#include "unit/test.h"

#include "api/rewrite.h"

static const struct str hosts[] = { STR("ll.thespacedevs.com"), STR("lldev.thespacedevs.com"),
				    STR("127.0.0.1:9000") };
static const struct str names[] = { STR("url"), STR("next"), STR("previous") };
static const struct link_rules rules = { .hosts = hosts,
					 .hosts_n = COUNT(hosts),
					 .names = names,
					 .names_n = COUNT(names),
					 .root = STR("/2.3.0/") };

#endif
