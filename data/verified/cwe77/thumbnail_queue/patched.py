import re
import shlex
import subprocess
from collections import deque

SIZE = re.compile(r"\d{1,4}x\d{1,4}")
LONGEST_QUEUE = 100


class ThumbnailQueue:
    """Images that wait for their thumbnails, which a tool of the server makes."""

    def __init__(self, tool):
        self.tool = tool
        self.jobs = deque()

    def add(self, image, size="160x120"):
        """Takes a job. Returns: its place in the queue."""
        if not SIZE.fullmatch(size):
            raise ValueError("a size is WIDTHxHEIGHT, such as 160x120")
        if len(self.jobs) >= LONGEST_QUEUE:
            raise ValueError("the queue is full, come back later")
        self.jobs.append((image, size))
        return len(self.jobs)

    def work(self):
        """Makes the thumbnails in order. Yields: for each image what the tool said."""
        while self.jobs:
            image, size = self.jobs.popleft()
            command = f"{self.tool} {shlex.quote(image)} {size}"
            done = subprocess.run(command, shell=True, capture_output=True, text=True)
            yield image, done.stdout.strip()
