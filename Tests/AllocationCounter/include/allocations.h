#pragma once

#include <stddef.h>

/// How many blocks of the heap the calling thread has asked for since it began.
size_t allocations_of_this_thread(void);
