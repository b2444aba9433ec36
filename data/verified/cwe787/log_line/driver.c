/* Logs every line of standard input as one message of the module "pump". */
#include <string.h>
#include HALF

int main(void)
{
    char message[256];

    while (fgets(message, sizeof message, stdin)) {
        message[strcspn(message, "\n")] = '\0';
        log_event(stdout, LEVEL_WARNING, "pump", message);
    }
    return 0;
}
