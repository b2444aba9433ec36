"""How xdist shares out groups of cases, also after a worker died."""

from xdist.scheduler import LoadGroupScheduling


class GroupScheduling(LoadGroupScheduling):  # type: ignore[misc]  # xdist has no types
    """Cases of one group go to one worker; a worker that takes over for a dead one ends too.

    A worker holds its last case back until it hears of a next one or of the end. xdist 3.8 says neither to one that takes over a single
    case, and the run hangs.
    """

    def schedule(self) -> None:
        super().schedule()
        if not self.workqueue:
            for node in self.nodes:
                node.shutdown()
