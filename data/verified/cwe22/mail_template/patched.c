#include <stdio.h>
#include <string.h>

#define DEPTH 3

/* Templates are named by small letters, digits and underscores. */
static int plain_name(const char *name)
{
    size_t length = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_");
    return length > 0 && name[length] == '\0';
}

static void expand(FILE *letter, int depth);

/* Prints a template of the newsletter, and what it includes. */
static void print_template(const char *name, int depth)
{
    char path[160];
    FILE *file = NULL;

    snprintf(path, sizeof(path), "templates/%s.txt", name);
    if (depth < DEPTH && plain_name(name))
        file = fopen(path, "r");
    if (file == NULL) {
        puts("(no such template)");
        return;
    }
    expand(file, depth + 1);
    fclose(file);
}

/* Copies a letter line by line. A line "@name" stands for the template of that name. */
static void expand(FILE *letter, int depth)
{
    char line[128];

    while (fgets(line, sizeof(line), letter)) {
        if (line[0] != '@') {
            fputs(line, stdout);
            continue;
        }
        line[strcspn(line, "\n")] = '\0';
        print_template(line + 1, depth);
    }
}

/* Argument: the template of the heading. Standard input: the letter of a member. */
int main(int argc, char **argv)
{
    if (argc != 2 || strlen(argv[1]) > 100)
        return 2;
    print_template(argv[1], 0);
    expand(stdin, 0);
    return 0;
}
