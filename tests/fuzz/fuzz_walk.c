/* The note of a walk: one that is believed says nothing impossible, and reads the same when it is
 * written again. */
#include "fuzz/fuzz.h"

#include "base/limits.h"
#include "policy/walk.h"

static void check(const struct walk *walk)
{
	struct buf line = buf_init(WALK_LINE_BYTES);
	struct walk again;

	must(walk->next >= 0 && walk->next <= LIMIT_OFFSET, "it stands within what can be asked");
	must(walk->count >= -1 && walk->count <= LIMIT_OFFSET, "the list is of a size");
	must(walk->state < WALK_STATE_COUNT && walk->why < FAULT_COUNT, "its words are known");
	walk_put(&line, walk);
	must(!line.failed, "it can be written");
	must(walk_parse(walk->target, buf_str(&line), &again), "and read");
	must(again.state == walk->state && again.next == walk->next && again.count == walk->count &&
		     again.begun.ms == walk->begun.ms && again.moved.ms == walk->moved.ms &&
		     again.why == walk->why,
	     "the same");
	buf_release(&line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct walk walk;

	if (walk_parse(STR("/2.3.0/spacecraft/"), fuzz_input(data, size), &walk))
		check(&walk);
	return 0;
}
