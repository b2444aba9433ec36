#include <stdint.h>
#include <string.h>

#define NAME_MAX_LENGTH 29

enum { COMPLETE_NAME = 0x09, TX_POWER = 0x0a };

struct device {
    int tx_power;
    char name[NAME_MAX_LENGTH + 1];
};

static void set_name(struct device *device, const uint8_t *text, uint8_t length)
{
    memcpy(device->name, text, length);
    device->name[length] = '\0';
}

/* Reads the structures of an advertisement: a length, a type that is counted in it, and data.
 * Returns 0, or -1 when the advertisement makes no sense. */
int parse_advertisement(const uint8_t *data, int size, struct device *device)
{
    int at = 0;

    while (at < size) {
        int8_t length = data[at++];

        if (length == 0)
            break;
        if (length > size - at)
            return -1;
        if (data[at] == COMPLETE_NAME) {
            if (length - 1 > NAME_MAX_LENGTH)
                return -1;
            set_name(device, data + at + 1, length - 1);
        } else if (data[at] == TX_POWER && length == 2) {
            device->tx_power = (int8_t)data[at + 1];
        }
        at += length;
    }
    return 0;
}
