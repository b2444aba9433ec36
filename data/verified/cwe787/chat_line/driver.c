/* Standard input: a message a line, "NICK TEXT". */
#include <stdio.h>
#include <string.h>
#include HALF

int main(void)
{
    char input[256];

    while (fgets(input, sizeof input, stdin)) {
        input[strcspn(input, "\n")] = '\0';
        char *text = strchr(input, ' ');
        if (text == NULL)
            continue;
        *text++ = '\0';
        show_message(input, text);
    }
    print_screen();
    return 0;
}
