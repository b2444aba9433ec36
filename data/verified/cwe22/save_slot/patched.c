#include <stdio.h>
#include <stdlib.h>

#define SLOTS 6

/* The number of the slot that a player typed, or 0 when the game has no such slot. */
static long slot_number(const char *slot)
{
    long number = strtol(slot, NULL, 10);
    return number >= 1 && number <= SLOTS ? number : 0;
}

static FILE *open_slot(const char *slot, const char *mode)
{
    char path[80];
    long number = slot_number(slot);

    if (number == 0)
        return NULL;
    snprintf(path, sizeof(path), "saves/%ld/progress.txt", number);
    return fopen(path, mode);
}

int save_game(const char *slot, int level, int coins)
{
    FILE *file = open_slot(slot, "w");

    if (file == NULL)
        return -1;
    fprintf(file, "%d %d\n", level, coins);
    return fclose(file);
}

int load_game(const char *slot, int *level, int *coins)
{
    FILE *file = open_slot(slot, "r");

    if (file == NULL)
        return -1;
    int fields = fscanf(file, "%d %d", level, coins);
    fclose(file);
    return fields == 2 ? 0 : -1;
}
