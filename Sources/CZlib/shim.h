// Makes z_stream's next_in a pointer to const, so input need not be mutable.
#define ZLIB_CONST
#include <zlib.h>
