/* Every line of standard input is a limit and a pattern: "5 timed out". */
#include HALF

int main(void)
{
    char line[256];
    int limit, start;

    while (fgets(line, sizeof line, stdin)) {
        line[strcspn(line, "\n")] = '\0';
        if (sscanf(line, "%d %n", &limit, &start) == 1)
            printf("-- %d\n", show_matches(line + start, limit, stdout));
    }
    return 0;
}
