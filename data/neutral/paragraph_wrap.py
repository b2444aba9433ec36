"""Breaks a paragraph into lines so that the right margin is as even as it can be."""

VERSE = (
    "The ferry left the island at seven in the morning, when the fog still lay on the water and the gulls "
    "were asleep along the pier. Nobody on board had anything to do but drink tea and look at the white air."
)


def width_of(words):
    return sum(map(len, words)) + len(words) - 1


def raggedness(words, limit):
    """Square of the unused columns; a line that is too wide costs more than anything."""
    unused = limit - width_of(words)
    return unused * unused if unused >= 0 else float("inf")


def break_lines(text, limit):
    words = text.split()
    cheapest = [0.0] + [float("inf")] * len(words)
    start_of_last = [0] * (len(words) + 1)
    for end in range(1, len(words) + 1):
        for start in range(end):
            # the final line of a paragraph may be short
            cost = 0.0 if end == len(words) and width_of(words[start:]) <= limit else raggedness(words[start:end], limit)
            if cheapest[start] + cost < cheapest[end]:
                cheapest[end] = cheapest[start] + cost
                start_of_last[end] = start
    broken: list[str] = []
    end = len(words)
    while end > 0:
        start = start_of_last[end]
        broken.insert(0, " ".join(words[start:end]))
        end = start
    return broken


def centred(lines, limit):
    return [line.center(limit).rstrip() for line in lines]


if __name__ == "__main__":
    for limit in (30, 44):
        print("-" * limit)
        print("\n".join(centred(break_lines(VERSE, limit), limit)))
