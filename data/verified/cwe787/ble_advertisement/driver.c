/* Feeds standard input to parse_advertisement as one advertisement. */
#include <stdio.h>
#include HALF

int main(void)
{
    static uint8_t data[256];
    struct device device = {0};
    int size = (int)fread(data, 1, sizeof data, stdin);

    if (parse_advertisement(data, size, &device) != 0) {
        puts("ignored");
        return 1;
    }
    printf("'%s' at %d dBm\n", device.name, device.tx_power);
    return 0;
}
