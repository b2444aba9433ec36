#include <stdint.h>
#include <string.h>

#define TRAILER_SIZE 8
#define ENTRY_SIZE 12u

struct entry {
    char name[8];
    uint32_t length;
};

struct archive {
    const uint8_t *data;
    uint32_t start;
    uint32_t count;
};

/* Opens an archive, whose last eight bytes say where its directory starts and how many entries it has,
 * both with the low byte first, as this machine has it too. */
int open_archive(struct archive *archive, const uint8_t *data, uint32_t size)
{
    if (size < TRAILER_SIZE)
        return -1;

    uint32_t end = size - TRAILER_SIZE;
    archive->data = data;
    memcpy(&archive->start, data + end, 4);
    memcpy(&archive->count, data + end + 4, 4);
    if (archive->start > end)
        return -1;
    if (archive->count * ENTRY_SIZE > end - archive->start)
        return -1;
    return 0;
}

/* Looks a name up in the directory. Returns 0, or -1 when no entry has it. */
int find_entry(const struct archive *archive, const char *name, struct entry *entry)
{
    const uint8_t *at = archive->data + archive->start;

    for (uint32_t i = 0; i < archive->count; i++) {
        memcpy(entry, at, ENTRY_SIZE);
        if (strncmp(entry->name, name, sizeof(entry->name)) == 0)
            return 0;
        at += ENTRY_SIZE;
    }
    return -1;
}
