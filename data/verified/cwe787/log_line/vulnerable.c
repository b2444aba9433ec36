#include <stdio.h>

enum level { LEVEL_INFO, LEVEL_WARNING, LEVEL_ERROR };

static const char *level_name(enum level level)
{
    switch (level) {
    case LEVEL_INFO: return "info";
    case LEVEL_WARNING: return "warning";
    default: return "error";
    }
}

/* Writes one record, cut to the width of the operator's terminal. */
void log_event(FILE *out, enum level level, const char *module, const char *message)
{
    char line[80];
    int used = snprintf(line, sizeof(line), "%-8s %s: %s", level_name(level), module, message);

    line[used] = '\n';
    fwrite(line, 1, used + 1, out);
    fflush(out);
}
