/* Every line of standard input is a bay and the label of its disk: "3 BACKUP_A". */
#include HALF

int main(void)
{
    char line[256];
    unsigned bay;
    int start;

    while (fgets(line, sizeof line, stdin)) {
        line[strcspn(line, "\n")] = '\0';
        if (sscanf(line, "%u %n", &bay, &start) == 1 && print_sticker(bay, line + start) != 0)
            printf("no sticker for bay %u\n", bay);
    }
    return 0;
}
