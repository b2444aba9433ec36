"""Which scenario may meet which fit: none that it was part of."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from harness.errors import DirectionError


@dataclass(frozen=True, kw_only=True)
class Fold:
    """One held-out scenario and the scenarios its direction is fitted on."""

    held_out: str
    fitting: tuple[str, ...]

    def __post_init__(self) -> None:
        if self.held_out in self.fitting:
            raise DirectionError(f"scenario {self.held_out!r} is both held out and fitted on; a fold tests what its fit has not seen")
        if not self.fitting:
            raise DirectionError(
                f"scenario {self.held_out!r} leaves no scenario to fit on; two are needed at least, add scenarios or fit pooled"
            )


def leave_one_scenario_out(scenarios: Iterable[str], *, pooled: Iterable[str] | None = None) -> tuple[Fold, ...]:
    """One fold for each tested scenario, sorted: fitted on all the others.

    Args: scenarios, the tested ones (repeats are variants and count once); pooled, the scenarios of all CWEs, where the fit
        takes all of them but the tested one. Raises: DirectionError where nothing is left to fit on.
    """
    tested = set(scenarios)
    if not tested:
        raise DirectionError("no scenario was given; leaving one out needs at least two")
    pool = tested if pooled is None else tested | set(pooled)
    return tuple(Fold(held_out=held_out, fitting=tuple(sorted(pool - {held_out}))) for held_out in sorted(tested))


def assert_disjoint(fitted: Mapping[str, str], tested: Mapping[str, str]) -> None:
    """Refuse a test whose files were in the fit.

    Args: fitted and tested, SHA-256 of the file -> its path. Raises: DirectionError naming the files on both sides.
    """
    shared = sorted(fitted.keys() & tested.keys())
    if shared:
        first = shared[0]
        raise DirectionError(
            f"{len(shared)} tested file(s) were fitted on: {tested[first]} (SHA-256 {first[:12]}) is {fitted[first]} of the fit; "
            "the direction has seen what it is tested on, put identical files into one scenario or drop one of them"
        )
