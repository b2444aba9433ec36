/* Prints what the header of the WAV file on standard input says. */
#include <stdio.h>
#include HALF

int main(void)
{
    static uint8_t file[1024];
    struct wav_info info;
    size_t size = fread(file, 1, sizeof file, stdin);

    if (read_wav_header(file, size, &info) != 0) {
        puts("no WAV file");
        return 1;
    }
    printf("%u channels, %u Hz, %u bits\n", info.channels, info.rate, info.bits);
    return 0;
}
