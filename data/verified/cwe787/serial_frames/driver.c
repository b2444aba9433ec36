/* Takes standard input as what comes over the line and prints each frame in hexadecimal. */
#include <stdio.h>
#include HALF

int main(void)
{
    struct receiver port = {.state = WAIT_START};
    int byte;

    while ((byte = getchar()) != EOF) {
        if (receive_byte(&port, (uint8_t)byte) == 0)
            continue;
        printf("%d:", port.used);
        for (int i = 0; i < port.used; i++)
            printf(" %02x", port.payload[i]);
        putchar('\n');
    }
    return 0;
}
