#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Prints an ingredient, "AMOUNT UNIT NAME", for another number of servings. Returns 0 when the line is something else. */
static int print_ingredient(char *line, double factor)
{
    const char *amount = strtok(line, " ");
    const char *unit = strtok(NULL, " ");
    char *name = strtok(NULL, "");

    if (name == NULL)
        return 0;
    name[0] = (char)toupper((unsigned char)name[0]);
    printf("%-16s %8.2f %s\n", name, atof(amount) * factor, unit);
    return 1;
}

/* Arguments: the servings of the recipe and those that are wanted. The recipe comes from standard input. */
int main(int argc, char **argv)
{
    char line[128];
    int number = 0, written = argc == 3 ? atoi(argv[1]) : 0;

    if (written < 1) {
        puts("usage: recipe WRITTEN WANTED < RECIPE");
        return 2;
    }
    while (fgets(line, sizeof(line), stdin)) {
        number++;
        line[strcspn(line, "\n")] = '\0';
        if (!print_ingredient(line, atof(argv[2]) / written))
            printf("line %d is no ingredient\n", number);
    }
    return 0;
}
