#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FLOORS 12

static bool lit[FLOORS];

/* Takes the number that a button sends. Returns whether its lamp is on now. */
static bool press(const char *text)
{
    unsigned long floor = strtoul(text, NULL, 10);

    if (floor >= FLOORS)
        return false;
    lit[floor] = true;
    return true;
}

int main(void)
{
    char text[32];

    while (fgets(text, sizeof(text), stdin) != NULL) {
        text[strcspn(text, "\n")] = '\0';
        if (!press(text))
            printf("no button %s\n", text);
    }

    printf("stops:");
    for (int floor = 0; floor < FLOORS; floor++) {
        if (lit[floor])
            printf(" %d", floor);
    }
    printf("\n");
    return 0;
}
