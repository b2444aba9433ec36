/* Takes the line on standard input as the body of a form posted with the token k7. */
#include <stdio.h>
#include HALF

int main(void)
{
    char body[512];
    struct session session = {.token = "k7"};

    if (!fgets(body, sizeof body, stdin))
        return 2;
    body[strcspn(body, "\n")] = '\0';
    if (read_login(&session, body) != 0) {
        puts("refused");
        return 1;
    }
    printf("hello %s\n", session.user);
    return 0;
}
