from collections import Counter
from itertools import product

GLIDER = {(0, 1), (1, 2), (2, 0), (2, 1), (2, 2)}
BLINKER = {(5, 5), (5, 6), (5, 7)}
NEIGHBOURHOOD = [offset for offset in product((-1, 0, 1), repeat=2) if offset != (0, 0)]


def neighbours(cell):
    row, column = cell
    for down, right in NEIGHBOURHOOD:
        yield row + down, column + right


def next_generation(alive):
    """A cell lives on with two or three living neighbours, and is born with exactly three."""
    crowd = Counter(near for cell in alive for near in neighbours(cell))
    return {cell for cell, living in crowd.items() if living == 3 or (living == 2 and cell in alive)}


def period(alive, longest=50):
    """After how many generations a pattern comes back at its own place, None if it does not."""
    later = alive
    for generation in range(1, longest + 1):
        later = next_generation(later)
        if later == alive:
            return generation
    return None


def drawn(alive, rows=8, columns=12):
    return "\n".join("".join("#" if (row, column) in alive else "-" for column in range(columns)) for row in range(rows))


if __name__ == "__main__":
    world = GLIDER | BLINKER
    for generation in range(4):
        print(f"generation {generation}, {len(world)} alive")
        print(drawn(world))
        world = next_generation(world)
    print("the blinker comes back after", period(BLINKER), "generations, the glider after", period(GLIDER))
