// Replaces glibc's allocator in the test program, and counts each thread's calls.
//
// A program's functions of these names replace the C library's everywhere, in Swift's runtime
// too.

#include "allocations.h"

#include <errno.h>

static _Thread_local size_t count;

size_t allocations_of_this_thread(void) { return count; }

#if __has_feature(thread_sanitizer) || __has_feature(address_sanitizer)

bool are_allocations_counted(void) { return false; }

#else

bool are_allocations_counted(void) { return true; }

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *block, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);

void *malloc(size_t size) {
    count++;
    return __libc_malloc(size);
}

void *calloc(size_t number, size_t size) {
    count++;
    return __libc_calloc(number, size);
}

void *realloc(void *block, size_t size) {
    count++;
    return __libc_realloc(block, size);
}

void *memalign(size_t alignment, size_t size) {
    count++;
    return __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size) { return memalign(alignment, size); }

int posix_memalign(void **block, size_t alignment, size_t size) {
    *block = memalign(alignment, size);
    return *block ? 0 : ENOMEM;
}

#endif
