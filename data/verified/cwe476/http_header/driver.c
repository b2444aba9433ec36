/* Reads a header section from standard input and prints the headers. */
#include <stdio.h>
#include HALF

int main(void)
{
    static struct request request;
    char line[128];

    while (fgets(line, sizeof line, stdin)) {
        line[strcspn(line, "\r\n")] = '\0';
        if (take_header_line(&request, line) != 0) {
            puts("refused");
            return 1;
        }
    }
    for (int i = 0; i < request.header_count; i++)
        printf("%s=[%s]\n", request.headers[i].name, request.headers[i].value);
    return 0;
}
