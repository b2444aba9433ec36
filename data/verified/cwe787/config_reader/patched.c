#include <stdio.h>
#include <string.h>

#define LINE_BUFFER 256
#define NAME_SIZE 32
#define VALUE_SIZE 64

struct setting {
    char name[NAME_SIZE];
    char value[VALUE_SIZE];
};

static int parse_line(const char *line, struct setting *setting)
{
    size_t name_length = strcspn(line, "=\n");
    if (line[name_length] != '=' || name_length >= NAME_SIZE)
        return -1;

    const char *value = line + name_length + 1;
    size_t value_length = strcspn(value, "\n");
    if (value_length >= VALUE_SIZE)
        return -1;

    memcpy(setting->name, line, name_length);
    setting->name[name_length] = '\0';
    memcpy(setting->value, value, value_length);
    setting->value[value_length] = '\0';
    return 0;
}

int main(void)
{
    char line[LINE_BUFFER];
    struct setting setting;

    for (int number = 1; fgets(line, sizeof(line), stdin) != NULL; number++) {
        if (line[0] == '#' || line[0] == '\n')
            continue;
        if (parse_line(line, &setting) != 0) {
            printf("line %d is not understood\n", number);
            return 1;
        }
        printf("%s is set to %s\n", setting.name, setting.value);
    }
    return 0;
}
