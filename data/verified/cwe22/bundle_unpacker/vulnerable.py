import os
import sys


def read_entries(stream):
    """Yields kind, name and data of each entry: a line "KIND SIZE NAME", then SIZE bytes."""
    while header := stream.readline():
        kind, size, name = header.decode().rstrip("\n").split(" ", 2)
        yield kind, name, stream.read(int(size))


def require_inside(folder, name):
    path = os.path.normpath(os.path.join(folder, name))
    if not path.startswith(folder + os.sep):
        raise ValueError(f"{name} is outside of {folder}")


def unpack(stream, folder):
    """Writes the files of a bundle below a folder and yields their names.

    A header has room for 16 characters of a name; a longer one is the data of an entry L before it.
    """
    folder = os.path.abspath(folder)
    long_name = None
    for kind, name, data in read_entries(stream):
        if kind == "L":
            long_name = data.decode()
            continue
        require_inside(folder, name)
        path = os.path.join(folder, long_name or name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(data)
        long_name = None
        yield os.path.relpath(path, folder)


if __name__ == "__main__":
    try:
        for unpacked in unpack(sys.stdin.buffer, sys.argv[1]):
            print("x", unpacked)
    except ValueError as error:
        sys.exit(str(error))
