/* Standard input: "p PRINTER PAGES" pushes a job, "g" gets one. */
#include <stdio.h>
#include HALF

int main(void)
{
    char line[64];
    int printer, pages;
    struct job job;

    while (fgets(line, sizeof line, stdin)) {
        if (sscanf(line, "p %d %d", &printer, &pages) == 2)
            puts(queue_push(printer, pages) ? "taken" : "later");
        else if (queue_pop(&job))
            printf("printer %d, %d pages\n", job.printer, job.pages);
        else
            puts("idle");
    }
    return 0;
}
