/* Splits the address on each line of standard input. */
#include <stdio.h>
#include HALF

int main(void)
{
    char line[128];
    struct address address;

    while (fgets(line, sizeof line, stdin)) {
        line[strcspn(line, "\n")] = '\0';
        if (split_address(line, &address))
            printf("%s: %s, %s\n", address.postcode, address.town, address.street);
        else
            puts("not an address");
    }
    return 0;
}
