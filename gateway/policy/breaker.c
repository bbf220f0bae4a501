#include "policy/breaker.h"

static bool is_closed(const struct breaker *b)
{
	return b->failures < BREAKER_FAILURES;
}

int64_t breaker_wait_ms(const struct breaker *b, struct mono now)
{
	return is_closed(b) || now.ms >= b->until.ms ? 0 : b->until.ms - now.ms;
}

void breaker_begin(struct breaker *b, struct mono now, int64_t probe_ms)
{
	if (is_closed(b))
		return;
	b->probing = true;
	b->until = mono_after(now, probe_ms);
}

static int64_t pause_ms(unsigned int failures)
{
	int64_t ms = BREAKER_PAUSE_MS;

	for (unsigned int i = BREAKER_FAILURES; i < failures && ms < BREAKER_PAUSE_MAX_MS; i++)
		ms *= 2;
	return ms < BREAKER_PAUSE_MAX_MS ? ms : BREAKER_PAUSE_MAX_MS;
}

void breaker_note(struct breaker *b, bool answered, struct mono now)
{
	if (answered) {
		*b = (struct breaker){ .failures = 0 };
		return;
	}
	/* Many calls were under way when it opened: that they fail too says nothing new. */
	if (!is_closed(b) && !b->probing)
		return;
	b->probing = false;
	if (++b->failures >= BREAKER_FAILURES)
		b->until = mono_after(now, pause_ms(b->failures));
}
