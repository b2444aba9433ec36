/* Draws a filled tile at each LEFT TOP pair of the arguments and counts what is set afterwards. */
#include <stdio.h>
#include <stdlib.h>
#include HALF

int main(int argc, char **argv)
{
    struct screen *screen = calloc(1, sizeof *screen);
    uint8_t tile[TILE_SIZE * TILE_SIZE];
    unsigned set = 0;

    memset(tile, 1, sizeof tile);
    for (int i = 1; i + 1 < argc; i += 2)
        if (draw_tile(screen, tile, (unsigned)atoi(argv[i]), (unsigned)atoi(argv[i + 1])) != 0)
            printf("no place at %s,%s\n", argv[i], argv[i + 1]);
    for (unsigned i = 0; i < sizeof screen->pixels; i++)
        set += screen->pixels[i];
    printf("%u tiles, %u pixels\n", screen->drawn, set);
    free(screen);
    return 0;
}
