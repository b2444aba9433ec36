#define SAMPLES 12

struct station {
    unsigned taken;
    unsigned next;
    double ring[SAMPLES];
};

/* Called every five minutes with the temperature of the air. */
void add_sample(struct station *station, double celsius)
{
    station->ring[station->next] = celsius;
    station->next = (station->next + 1) % SAMPLES;
    if (station->taken < SAMPLES)
        station->taken++;
}

/* The mean of the last hour, or of the time since the start. */
double mean_temperature(const struct station *station)
{
    double sum = 0;

    if (station->taken == 0)
        return 0;
    for (unsigned i = 0; i < station->taken; i++)
        sum += station->ring[i];
    return sum / station->taken;
}
