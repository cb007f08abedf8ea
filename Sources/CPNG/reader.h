// Reads a PNG file's samples through libpng's classic interface.
//
// libpng reports an error by longjmp, which must not pass through Swift's frames: here it passes
// through C alone and becomes a message. (The simplified interface needs no jump, but libpng
// 1.6.39's reads interlaced 16-bit files wrongly: pnggroup/libpng issue 853.)

#include <png.h>
#include <stdio.h>
#include <string.h>

typedef struct {
    png_structp png;
    png_infop info;
    const png_byte *next;   // the unread rest of the file
    size_t left;
    char message[160];      // why a call failed

    png_uint_32 width, height;
    size_t packed_row;      // bytes per row in the file
    size_t row;             // bytes per row once read
    int channels;           // 1 grey, 2 grey and alpha, 3 colours, 4 colours and alpha
    int depth;              // bits a sample: 8, or 16 in big-endian order
    int passes;             // 7 for an interlaced file, 1 for any other
    png_colorp palette;     // the colours of an indexed file; NULL for any other
    int colours;
    png_bytep alphas;       // of the first `transparent` colours; all others are opaque
    int transparent;
    int is_animated;
    double gamma;           // the file's exponent; 0 if it has none
} tern_png;

// The last warning names the wrong part of a header; the error only reports that there is one.
static inline void tern_png_fail(png_structp png, png_const_charp message) {
    tern_png *reader = png_get_error_ptr(png);
    size_t used = strlen(reader->message);
    snprintf(
        reader->message + used, sizeof reader->message - used, used ? ": %s" : "%s", message);
    png_longjmp(png, 1);
}

static inline void tern_png_warn(png_structp png, png_const_charp message) {
    tern_png *reader = png_get_error_ptr(png);
    snprintf(reader->message, sizeof reader->message / 2, "%s", message);
}

static inline void tern_png_take(png_structp png, png_bytep bytes, size_t count) {
    tern_png *reader = png_get_io_ptr(png);
    if (count > reader->left) {
        reader->message[0] = 0;
        png_error(png, "the file ends too early");
    }
    memcpy(bytes, reader->next, count);
    reader->next += count;
    reader->left -= count;
}

// Sets how samples are read: 8 or 16 bits, transparency as alpha, indices unchanged for now.
static inline void tern_png_set_up(tern_png *reader) {
    png_structp png = reader->png;
    png_infop info = reader->info;
    if (!png_get_gAMA(png, info, &reader->gamma)) reader->gamma = 0;
    png_unknown_chunkp kept;
    reader->is_animated = png_get_unknown_chunks(png, info, &kept) > 0;

    reader->width = png_get_image_width(png, info);
    reader->height = png_get_image_height(png, info);
    reader->packed_row = png_get_rowbytes(png, info);
    int is_indexed = png_get_color_type(png, info) == PNG_COLOR_TYPE_PALETTE;
    if (is_indexed) {
        png_get_PLTE(png, info, &reader->palette, &reader->colours);
        png_get_tRNS(png, info, &reader->alphas, &reader->transparent, NULL);
        png_set_packing(png);
    } else {
        png_set_expand(png);
    }
    reader->passes = png_set_interlace_handling(png);
    png_read_update_info(png, info);
    reader->channels = is_indexed ? 4 : png_get_channels(png, info);
    reader->depth = is_indexed ? 8 : png_get_bit_depth(png, info);
    reader->row = (size_t)reader->width * reader->channels * reader->depth / 8;
}

// Replaces a row's indices, which lie in its last quarter, by their colours and alphas.
//
// libpng could do this itself, but takes black for an index that the palette lacks.
static inline void tern_png_look_up(tern_png *reader, png_bytep row) {
    png_const_bytep indices = row + reader->row / 4 * 3;
    for (png_uint_32 column = 0; column < reader->width; column++) {
        int index = indices[column];
        if (index >= reader->colours)
            png_error(reader->png, "a pixel has a colour that the palette lacks");
        png_bytep pixel = row + 4 * (size_t)column;
        pixel[0] = reader->palette[index].red;
        pixel[1] = reader->palette[index].green;
        pixel[2] = reader->palette[index].blue;
        pixel[3] = index < reader->transparent ? reader->alphas[index] : 255;
    }
}

// Reads everything before the pixels; 0 on failure, with the reason in `message`.
//
// The bytes must stay in place until `tern_png_end`, which must always be called.
static inline int tern_png_begin(tern_png *reader, const void *bytes, size_t count) {
    memset(reader, 0, sizeof *reader);
    reader->next = bytes;
    reader->left = count;
    reader->png =
        png_create_read_struct(PNG_LIBPNG_VER_STRING, reader, tern_png_fail, tern_png_warn);
    if (!reader->png) return 0;
    if (setjmp(png_jmpbuf(reader->png))) return 0;
    reader->info = png_create_info_struct(reader->png);
    if (!reader->info) png_error(reader->png, "not enough memory");
    png_set_read_fn(reader->png, reader, tern_png_take);
    // By default libpng skips a damaged chunk that is not critical, such as the gamma.
    png_set_crc_action(reader->png, PNG_CRC_ERROR_QUIT, PNG_CRC_ERROR_QUIT);
    // Texts and profiles are not used for the pixels, and may be huge when unpacked.
    const png_byte skipped[] =
        "tEXt\0zTXt\0iTXt\0iCCP\0eXIf\0sPLT\0hIST\0pCAL\0sCAL\0tIME\0pHYs\0oFFs\0sBIT\0bKGD";
    png_set_keep_unknown_chunks(
        reader->png, PNG_HANDLE_CHUNK_NEVER, skipped, (int)sizeof skipped / 5);
    png_set_keep_unknown_chunks(
        reader->png, PNG_HANDLE_CHUNK_ALWAYS, (png_const_bytep)"acTL", 1);
    png_read_info(reader->png, reader->info);
    tern_png_set_up(reader);
    return 1;
}

// Reads the pixels, `height` rows of `row` bytes, and the rest of the file; 0 on failure, as above.
static inline int tern_png_read(tern_png *reader, png_bytep pixels) {
    if (setjmp(png_jmpbuf(reader->png))) return 0;
    reader->message[0] = 0;
    size_t start = reader->palette ? reader->row / 4 * 3 : 0;
    for (int pass = 0; pass < reader->passes; pass++)
        for (png_uint_32 row = 0; row < reader->height; row++)
            png_read_row(reader->png, pixels + row * reader->row + start, NULL);
    png_read_end(reader->png, NULL);
    reader->message[0] = 0;
    for (png_uint_32 row = 0; reader->palette && row < reader->height; row++)
        tern_png_look_up(reader, pixels + row * reader->row);
    return 1;
}

static inline void tern_png_end(tern_png *reader) {
    png_destroy_read_struct(&reader->png, &reader->info, NULL);
}
