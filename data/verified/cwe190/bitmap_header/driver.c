/* Opens the bitmap on standard input; prints its size, its first and its last pixel. */
#include <stdio.h>
#include HALF

static void print_pixel(const uint8_t *pixel)
{
    putchar(' ');
    for (int i = 0; i < PIXEL_SIZE; i++)
        printf("%02x", pixel[i]);
}

int main(void)
{
    static uint8_t file[1024];
    struct bitmap bitmap;
    size_t size = fread(file, 1, sizeof file, stdin);

    if (open_bitmap(&bitmap, file, size) != 0) {
        puts("no bitmap");
        return 1;
    }
    printf("%ux%u", bitmap.width, bitmap.height);
    print_pixel(bitmap.pixels);
    print_pixel(bitmap.pixels + ((size_t)bitmap.width * bitmap.height - 1) * PIXEL_SIZE);
    putchar('\n');
    free(bitmap.pixels);
    return 0;
}
