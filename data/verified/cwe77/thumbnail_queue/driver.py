"""Arguments: IMAGE SIZE, any number of times."""

import sys
from pathlib import Path

import half

Path("thumb.sh").write_text('echo "small/$1" "$2"\n')
queue = half.ThumbnailQueue("sh thumb.sh")
words = sys.argv[1:]
for image, size in zip(words[::2], words[1::2], strict=True):
    try:
        print("place", queue.add(image, size))
    except ValueError as error:
        print(error)
for image, said in queue.work():
    print(f"{image}: {said}")
