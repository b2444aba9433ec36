#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SERVICE_LOG "service.log"
#define PATTERN_LENGTH 40
#define MOST_LINES 50

/* Prints the first lines of the log that match, with their numbers. Returns how many, -1 on failure. */
int show_matches(const char *pattern, int limit, FILE *out)
{
    char command[PATTERN_LENGTH + 80];
    char line[512];
    int shown = 0;
    FILE *matches;

    if (pattern[0] == '\0' || strlen(pattern) > PATTERN_LENGTH)
        return -1;
    if (limit < 1 || limit > MOST_LINES)
        limit = MOST_LINES;
    setenv("LC_ALL", "C", 1);
    snprintf(command, sizeof(command), "grep -n -m %d -e \"%s\" " SERVICE_LOG, limit, pattern);
    matches = popen(command, "r");
    if (matches == NULL)
        return -1;
    while (fgets(line, sizeof(line), matches)) {
        fputs(line, out);
        shown++;
    }
    pclose(matches);
    return shown;
}
