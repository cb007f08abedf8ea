#pragma once

#include <stddef.h>

/// The number of heap blocks that the calling thread has allocated since it started.
size_t allocations_of_this_thread(void);
