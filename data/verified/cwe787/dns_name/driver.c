/* Feeds standard input to decode_name as one packet. */
#include <stdio.h>
#include HALF

int main(void)
{
    static uint8_t packet[512];
    struct name name;
    size_t size = fread(packet, 1, sizeof packet, stdin);
    int taken = decode_name(packet, size, &name);

    if (taken < 0) {
        puts("malformed");
        return 1;
    }
    printf("%s (%d bytes)\n", name.text, taken);
    return 0;
}
