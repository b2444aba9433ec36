#include <stdint.h>
#include <stdlib.h>

#define RGB_BYTES 3
#define RGBA_BYTES 4

struct image {
    unsigned width;
    unsigned height;
    unsigned depth;
    uint8_t *pixels;
};

/* Reads an uncompressed picture stored as blue, green, red and, at depth 4, alpha.
 * Header: width, height and depth, one byte each. */
int load_image(struct image *image, const uint8_t *file, size_t size)
{
    if (size < 3)
        return -1;

    size_t depth = file[2];
    size_t count = (size_t)file[0] * file[1];
    if (depth != RGB_BYTES && depth != RGBA_BYTES)
        return -1;
    if (count == 0 || (size - 3) / depth < count)
        return -1;

    uint8_t *pixels = malloc(count * depth);
    if (pixels == NULL)
        return -1;
    for (size_t i = 0; i < count; i++) {
        const uint8_t *from = file + 3 + i * depth;
        uint8_t *to = pixels + i * depth;

        to[0] = from[2];
        to[1] = from[1];
        to[2] = from[0];
        if (depth == RGBA_BYTES)
            to[3] = from[3];
    }
    *image = (struct image){file[0], file[1], file[2], pixels};
    return 0;
}
