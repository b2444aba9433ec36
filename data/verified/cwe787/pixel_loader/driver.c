/* Loads the picture on standard input and prints its size and its pixels in hexadecimal. */
#include <stdio.h>
#include HALF

int main(void)
{
    static uint8_t file[1024];
    struct image image;
    size_t size = fread(file, 1, sizeof file, stdin);

    if (load_image(&image, file, size) != 0) {
        puts("not a picture");
        return 1;
    }
    printf("%ux%u:", image.width, image.height);
    for (unsigned i = 0; i < image.width * image.height * image.depth; i++)
        printf("%s%02x", i % image.depth ? "" : " ", image.pixels[i]);
    putchar('\n');
    free(image.pixels);
    return 0;
}
