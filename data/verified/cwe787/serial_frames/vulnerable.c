#include <stdint.h>

#define START_BYTE 0x7e
#define PAYLOAD_SIZE 32

enum state { WAIT_START, WAIT_LENGTH, IN_PAYLOAD };

struct receiver {
    enum state state;
    uint8_t used;
    uint8_t left;
    uint8_t payload[PAYLOAD_SIZE];
};

static void begin_payload(struct receiver *port, int8_t length)
{
    port->state = WAIT_START;
    if (length == 0 || length > PAYLOAD_SIZE)
        return;
    port->used = 0;
    port->left = length;
    port->state = IN_PAYLOAD;
}

/* Called for each byte from the line. Returns 1 when it completes a frame:
 * start byte, length, payload. */
int receive_byte(struct receiver *port, uint8_t byte)
{
    switch (port->state) {
    case WAIT_START:
        if (byte == START_BYTE)
            port->state = WAIT_LENGTH;
        return 0;
    case WAIT_LENGTH:
        begin_payload(port, byte);
        return 0;
    default:
        port->payload[port->used++] = byte;
        if (--port->left > 0)
            return 0;
        port->state = WAIT_START;
        return 1;
    }
}
