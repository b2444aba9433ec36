#include <string.h>

#define QUEUE_SLOTS 8

struct job {
    int printer;
    int pages;
};

static unsigned waiting;
static struct job queue[QUEUE_SLOTS];

/* Returns 1 when the job was taken, 0 when it has to be offered again later. */
int queue_push(int printer, int pages)
{
    if (pages < 1)
        return 0;
    if (waiting < QUEUE_SLOTS) {
        queue[waiting].printer = printer;
        queue[waiting].pages = pages;
        waiting++;
        return 1;
    }
    return 0;
}

/* Takes the oldest job out. Returns 0 when there is none. */
int queue_pop(struct job *job)
{
    if (waiting == 0)
        return 0;
    *job = queue[0];
    waiting--;
    memmove(queue, queue + 1, waiting * sizeof(queue[0]));
    return 1;
}
