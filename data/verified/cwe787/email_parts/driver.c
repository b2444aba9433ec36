/* Usage: split ADDRESS */
#include <stdio.h>
#include HALF

int main(int argc, char **argv)
{
    struct address address;

    if (argc != 2)
        return 2;
    if (split_address(argv[1], &address) != 0) {
        puts("no address");
        return 1;
    }
    printf("%s at %s\n", address.local, address.domain);
    return 0;
}
