"""How xdist shares out groups of cases, also after a worker died."""

from xdist.scheduler import LoadGroupScheduling

from harness.plugin.results import eval_name


class GroupScheduling(LoadGroupScheduling):  # type: ignore[misc]  # xdist is untyped to mypy here
    """Cases of one group go to one worker; a worker that takes over for a dead one goes on.

    A worker begins a case when it hears of the next one, or of the end. At the start xdist 3.8 gives each worker two pieces of work; one
    that takes over gets one, hears no more where that is a single case, and the run hangs.
    """

    def schedule(self) -> None:
        takes_over = self.collection is not None
        super().schedule()
        if takes_over:
            for node in self.nodes:
                self._reschedule(node)

    def _split_scope(self, nodeid: str) -> str:
        """The group of a case: model, dataset and CWE out of its id. A comparison goes with its first model; what is no case, alone.

        By the id, since xdist's own marks reach the scheduler only where --dist=loadgroup stands on the command line.
        """
        model, *parts = eval_name(nodeid).partition("[")[2].removesuffix("]").split("-")
        return "-".join((model.partition(".vs.")[0], *parts[:2])) if len(parts) >= 2 else nodeid
