#ifndef PERIGEE_IO_SYSCLOCK_H
#define PERIGEE_IO_SYSCLOCK_H

/* The system's clocks (CLOCK_MONOTONIC, CLOCK_REALTIME) as a struct clock. Thread safe. */

#include "policy/ports.h"

extern const struct clock sysclock;

#endif
