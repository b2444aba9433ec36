#include <stdio.h>

#define TRACK_POINTS 16
#define LINE_SIZE 80

struct point {
    double latitude;
    double longitude;
};

struct track {
    unsigned count;
    struct point points[TRACK_POINTS];
};

static struct track track;

static void add_point(double latitude, double longitude)
{
    struct point point = {latitude, longitude};

    track.points[track.count] = point;
    track.count++;
}

/* Reads "latitude longitude" lines as the receiver writes them and skips all others. */
static void read_track(FILE *log)
{
    char line[LINE_SIZE];
    double latitude, longitude;

    while (fgets(line, sizeof(line), log) != NULL) {
        if (sscanf(line, "%lf %lf", &latitude, &longitude) == 2)
            add_point(latitude, longitude);
    }
}

int main(void)
{
    read_track(stdin);
    if (track.count == 0) {
        puts("no track");
        return 1;
    }

    struct point last = track.points[track.count - 1];
    printf("%u points from %.3f %.3f", track.count, track.points[0].latitude, track.points[0].longitude);
    printf(" to %.3f %.3f\n", last.latitude, last.longitude);
    return 0;
}
