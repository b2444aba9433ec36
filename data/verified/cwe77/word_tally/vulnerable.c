#include <stdio.h>
#include <string.h>

#define NAME_LENGTH 60

/* Asks wc for the words of one file. Returns -1 when they cannot be counted. */
static long count_words(const char *name)
{
    char command[NAME_LENGTH + 16];
    long words = -1;
    FILE *answer;

    if (strlen(name) > NAME_LENGTH || strpbrk(name, "\";|&<>\n"))
        return -1;
    snprintf(command, sizeof(command), "wc -w < \"%s\"", name);
    answer = popen(command, "r");
    if (answer == NULL)
        return -1;
    if (fscanf(answer, "%ld", &words) != 1)
        words = -1;
    pclose(answer);
    return words;
}

/* Standard input names the chapters, one a line. */
int main(void)
{
    char name[256];
    long words, total = 0;

    while (fgets(name, sizeof(name), stdin)) {
        name[strcspn(name, "\n")] = '\0';
        words = count_words(name);
        if (words < 0) {
            printf("      ? %s\n", name);
            continue;
        }
        printf("%7ld %s\n", words, name);
        total += words;
    }
    printf("%7ld total\n", total);
    return 0;
}
