#include <stdint.h>
#include <string.h>

struct wav_info {
    unsigned channels;
    unsigned rate;
    unsigned bits;
};

static uint32_t little_endian(const uint8_t *from, int bytes)
{
    uint32_t value = 0;

    while (bytes-- > 0)
        value = value << 8 | from[bytes];
    return value;
}

/* Looks for the format chunk of a WAV file. Returns -1 when there is none. */
int read_wav_header(const uint8_t *file, size_t size, struct wav_info *info)
{
    uint8_t format[16];
    size_t at = 12;

    if (size < at || memcmp(file, "RIFF", 4) != 0 || memcmp(file + 8, "WAVE", 4) != 0)
        return -1;

    while (at + 8 <= size) {
        const uint8_t *chunk = file + at;
        size_t length = little_endian(chunk + 4, 4);

        at += 8;
        if (length > size - at)
            return -1;
        if (memcmp(chunk, "fmt ", 4) == 0) {
            if (length < sizeof(format))
                return -1;
            memcpy(format, chunk + 8, length);
            info->channels = little_endian(format + 2, 2);
            info->rate = little_endian(format + 4, 4);
            info->bits = little_endian(format + 14, 2);
            return 0;
        }
        at += length + length % 2;
    }
    return -1;
}
