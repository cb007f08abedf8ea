#pragma once

#include <stdbool.h>
#include <stddef.h>

/// The number of heap blocks that the calling thread has allocated since it started.
size_t allocations_of_this_thread(void);

/// Whether allocations are counted: not under a sanitizer, which replaces the allocator itself.
bool are_allocations_counted(void);
