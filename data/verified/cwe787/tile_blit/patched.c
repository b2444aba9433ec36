#include <stdint.h>
#include <string.h>

#define SCREEN_WIDTH 40
#define SCREEN_HEIGHT 24
#define TILE_SIZE 8

struct screen {
    unsigned drawn;
    uint8_t pixels[SCREEN_WIDTH * SCREEN_HEIGHT];
};

/* Copies one tile to the screen with its top left corner at (left, top).
 * Returns -1 when there is no place for it. */
int draw_tile(struct screen *screen, const uint8_t *tile, unsigned left, unsigned top)
{
    if (left > SCREEN_WIDTH - TILE_SIZE || top > SCREEN_HEIGHT - TILE_SIZE)
        return -1;

    for (unsigned row = 0; row < TILE_SIZE; row++) {
        uint8_t *line = screen->pixels + (top + row) * SCREEN_WIDTH;
        memcpy(line + left, tile + row * TILE_SIZE, TILE_SIZE);
    }
    screen->drawn++;
    return 0;
}
