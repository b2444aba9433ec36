/* Appends the runs on standard input to a sound; prints its number of frames and the last one. */
#include <stdio.h>
#include HALF

int main(void)
{
    static struct sound sound;
    static uint8_t data[256];
    size_t size = fread(data, 1, sizeof data, stdin);
    int result = append_runs(&sound, data, size);

    printf("%s%u frames", result == 0 ? "" : "full at ", sound.used);
    if (sound.used > 0)
        printf(", %d %d", sound.frames[sound.used - 1].left, sound.frames[sound.used - 1].right);
    putchar('\n');
    return result == 0 ? 0 : 1;
}
