#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define HEADER_SIZE 10
#define PIXEL_SIZE 4
#define SIDE_LIMIT 32768

struct bitmap {
    uint32_t width;
    uint32_t height;
    uint8_t *pixels;
};

static uint32_t read32(const uint8_t *at)
{
    return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

/* Opens a bitmap: "BM", width, height, then the pixels from left to right and top to bottom.
 * Pixels that are missing at the end, as in a file still on its way, become white. */
int open_bitmap(struct bitmap *bitmap, const uint8_t *file, size_t size)
{
    if (size < HEADER_SIZE || memcmp(file, "BM", 2) != 0)
        return -1;

    uint32_t width = read32(file + 2);
    uint32_t height = read32(file + 6);
    if (width == 0 || height == 0)
        return -1;
    if (width >= SIDE_LIMIT || height >= SIDE_LIMIT)
        return -1;

    uint32_t bytes = width * height * PIXEL_SIZE;
    uint8_t *pixels = malloc(bytes);
    if (pixels == NULL)
        return -1;
    for (size_t i = 0; i < (size_t)width * height; i++) {
        size_t at = HEADER_SIZE + i * PIXEL_SIZE;

        if (at + PIXEL_SIZE <= size)
            memcpy(pixels + i * PIXEL_SIZE, file + at, PIXEL_SIZE);
        else
            memset(pixels + i * PIXEL_SIZE, 0xff, PIXEL_SIZE);
    }
    *bitmap = (struct bitmap){width, height, pixels};
    return 0;
}
