#include <stdint.h>
#include <string.h>

#define CAPACITY 64
#define RUN_SIZE 8

struct frame {
    int16_t left;
    int16_t right;
};

struct sound {
    uint32_t used;
    struct frame frames[CAPACITY];
};

/* Takes frames from the free end of the buffer. Returns 0, or -1 when there are not so many. */
static int reserve(struct sound *sound, uint32_t count)
{
    uint32_t used = sound->used + count;

    if (used > CAPACITY)
        return -1;
    sound->used = used;
    return 0;
}

/* Appends runs of equal frames: how many, 32 bits, then the levels left and right, 16 bits each, low byte first.
 * Returns 0, or -1 at a run for which there is no room. */
int append_runs(struct sound *sound, const uint8_t *data, size_t size)
{
    for (size_t at = 0; at + RUN_SIZE <= size; at += RUN_SIZE) {
        struct frame *to = sound->frames + sound->used;
        struct frame level;
        uint32_t count;

        memcpy(&count, data + at, sizeof(count));
        memcpy(&level, data + at + sizeof(count), sizeof(level));
        if (reserve(sound, count) != 0)
            return -1;
        for (uint32_t i = 0; i < count; i++)
            to[i] = level;
    }
    return 0;
}
