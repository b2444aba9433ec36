/* Standard input: "<NAME" or "<NAME SCALE" opens a tag, "/NAME" closes it, any other line is text. */
#include HALF

int main(void)
{
    struct parser parser = {0};
    char line[128], name[32];

    while (fgets(line, sizeof line, stdin)) {
        int scale = 1;

        if (sscanf(line, "<%31s %d", name, &scale) >= 1) {
            if (!open_tag(&parser, name, scale))
                printf("%s is ignored\n", name);
        } else if (sscanf(line, "/%31s", name) == 1) {
            close_tag(&parser, name);
        } else {
            set_text(&parser, line);
        }
    }
    return 0;
}
