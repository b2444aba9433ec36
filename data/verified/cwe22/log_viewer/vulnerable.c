#include <stdio.h>
#include <string.h>

#define TAIL 3
#define WIDTH 120

/* Takes every step to a parent folder out of a name, in place. */
static void drop_parents(char *name)
{
    char *match = name;

    while ((match = strstr(match, "../")) != NULL)
        memmove(match, match + 3, strlen(match + 3) + 1);
}

/* Prints the last lines of a log. Returns how many there were, or -1 without such a log. */
static int print_tail(const char *path)
{
    static char lines[TAIL][WIDTH];
    int count = 0;

    FILE *file = fopen(path, "r");
    if (file == NULL)
        return -1;
    while (fgets(lines[count % TAIL], WIDTH, file))
        count++;
    fclose(file);

    for (int i = count > TAIL ? count - TAIL : 0; i < count; i++)
        fputs(lines[i % TAIL], stdout);
    return count;
}

int main(int argc, char **argv)
{
    char name[200], path[220];

    snprintf(name, sizeof(name), "%s", argc > 1 ? argv[1] : "app.log");
    drop_parents(name);
    snprintf(path, sizeof(path), "logs/%s", name);
    if (print_tail(path) < 0) {
        printf("no log %s\n", name);
        return 1;
    }
    return 0;
}
