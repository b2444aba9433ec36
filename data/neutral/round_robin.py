"""Fixtures of a league in which every club meets every other once, and its table."""

from dataclasses import dataclass

CLUBS = ["Harbour", "Mill Lane", "Old Quarry", "Priory", "Station", "Westfield"]
REST = "(rest)"


@dataclass
class Standing:
    club: str
    points: int = 0
    scored: int = 0
    conceded: int = 0

    def record(self, mine: int, theirs: int) -> None:
        self.scored += mine
        self.conceded += theirs
        self.points += 3 if mine > theirs else 1 if mine == theirs else 0

    @property
    def difference(self) -> int:
        return self.scored - self.conceded


def match_days(clubs):
    """The circle method: one club stays, the others move on by one place a day."""
    circle = list(clubs) if len(clubs) % 2 == 0 else [*clubs, REST]
    half = len(circle) // 2
    for day in range(len(circle) - 1):
        pairs = list(zip(circle[:half], reversed(circle[half:])))
        yield [pair if day % 2 else pair[::-1] for pair in pairs if REST not in pair]
        circle.insert(1, circle.pop())


def goals(club, day):
    """A made-up result that depends on the name and the day alone."""
    return (sum(map(ord, club)) * (day + 3)) % 5


def season(clubs):
    standings = {club: Standing(club) for club in clubs}
    for day, pairs in enumerate(match_days(clubs)):
        for home, away in pairs:
            mine, theirs = goals(home, day), goals(away, day + 1)
            standings[home].record(mine, theirs)
            standings[away].record(theirs, mine)
    return sorted(standings.values(), key=lambda one: (-one.points, -one.difference, one.club))


if __name__ == "__main__":
    for place, standing in enumerate(season(CLUBS), start=1):
        print(f"{place}. {standing.club:<12}{standing.points:>3} points, {standing.difference:+d}")
