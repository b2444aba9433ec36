"""Lists the tags of a repository: tags.py PREFIX [ORDER [COUNT]]"""

import shlex
import subprocess
import sys

TAGS = "repository/refs/tags"
ORDERS = {"name": "sort", "reverse": "sort -r", "version": "sort -V"}


def list_tags(prefix, order="name", count=10):
    """Yields: the first tags that begin with the prefix."""
    steps = [
        f"ls {TAGS}",
        f"grep -e {shlex.quote('^' + prefix)}",
        ORDERS.get(order, order),
        f"head -n {int(count)}",
    ]
    done = subprocess.run(" | ".join(steps), shell=True, stdout=subprocess.PIPE, text=True)
    yield from done.stdout.splitlines()


def main(arguments):
    if not 1 <= len(arguments) <= 3:
        print(__doc__, file=sys.stderr)
        return 2
    for number, tag in enumerate(list_tags(*arguments), start=1):
        print(f"{number:3} {tag}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
