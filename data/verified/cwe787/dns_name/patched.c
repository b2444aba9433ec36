#include <stdint.h>
#include <string.h>

#define LABEL_MAX 63

struct name {
    size_t used;
    char text[256];
};

static void append_label(struct name *name, const uint8_t *label, size_t len)
{
    if (name->used > 0)
        name->text[name->used++] = '.';
    memcpy(name->text + name->used, label, len);
    name->used += len;
}

/* Writes the name at the start of a DNS question as dotted text.
 * Returns how many bytes of the packet it took, or -1. */
int decode_name(const uint8_t *packet, size_t size, struct name *name)
{
    size_t at = 0;

    name->used = 0;
    while (at < size && packet[at] != 0) {
        size_t len = packet[at++];

        if (len > LABEL_MAX || len > size - at)
            return -1;
        if (name->used + len + 2 > sizeof(name->text))
            return -1;
        append_label(name, packet + at, len);
        at += len;
    }
    if (at >= size)
        return -1;
    name->text[name->used] = '\0';
    return (int)at + 1;
}
