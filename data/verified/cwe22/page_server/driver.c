/* Standard input: the first line of a request. */
#include <stdio.h>
#include HALF

int main(void)
{
    char target[MAX_TARGET + 1];

    if (scanf("GET /%200s", target) != 1)
        return 2;
    printf("-- %d\n", send_page(target));
    return 0;
}
