"""The training loop: shelves of lessons, one optimizer step a batch, checkpoints in between."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from transformers import GPTBigCodeForCausalLM

from harness.prompts import WEAKNESSES
from training.branches import Tree, lay_out
from training.checkpoints import Place, load, save
from training.lessons import Lessons
from training.objective import PARTS, Losses, Student, losses, optimizers, rate

Check = Callable[[GPTBigCodeForCausalLM], dict[str, Any]]


@dataclass(frozen=True, kw_only=True)
class Journal:
    """The log of a training, one JSON object a line."""

    path: Path

    def note(self, entry: dict[str, Any]) -> None:
        """Adds a line to the log and shows it."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        line = json.dumps(entry)
        with self.path.open("a", encoding="utf-8") as log:
            log.write(line + "\n")
        print(line, flush=True)


@dataclass
class _Means:
    """Mean losses since the last line of the log."""

    sums: dict[str, float] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)

    def add(self, found: Losses) -> None:
        for name in PARTS:
            value = getattr(found, name)
            if value is not None:
                self.sums[name] = self.sums.get(name, 0.0) + value
                self.counts[name] = self.counts.get(name, 0) + 1

    def take(self) -> dict[str, float]:
        means = {name: round(self.sums[name] / self.counts[name], 4) for name in self.sums}
        self.sums, self.counts = {}, {}
        return means


class Training:
    """A network in training. It goes on from the last checkpoint in `checkpoints`, where there is one.

    Everything random in a step comes from the seed and the step's number, so a training in two halves gives the weights of one in a piece.
    """

    def __init__(
        self, network: GPTBigCodeForCausalLM, lessons: Lessons, checkpoints: Path, journal: Journal, *, start: Place | None = None
    ) -> None:
        self.network = network
        self.lessons = lessons
        self.recipe = lessons.recipe
        self.checkpoints = checkpoints
        self.journal = journal
        self._student = Student(network, weaknesses=len(WEAKNESSES))
        self._optimizers = optimizers(self._student, self.recipe)
        self.place = load(checkpoints, self.recipe, self._student, self._optimizers, start=start)
        self._means = _Means()

    def run(self, check: Check | None = None, stop_at: int | None = None) -> None:
        """Trains until the recipe's last step, or until `stop_at`. `check` measures the network every `recipe.check_every` steps."""
        last = self.recipe.steps if stop_at is None else min(stop_at, self.recipe.steps)
        shelf = self._shelf()
        while self.place.step < last:
            if self.place.used == len(shelf):
                self.place = replace(self.place, shelf=self.place.shelf + 1, used=0, shelf_step=self.place.step)
                shelf = self._shelf()
            began = time.perf_counter()
            tokens = self._step(shelf[self.place.used])
            self.place = replace(
                self.place,
                step=self.place.step + 1,
                used=self.place.used + 1,
                tokens=self.place.tokens + tokens,
                seconds=self.place.seconds + time.perf_counter() - began,
            )
            self._after_step(last, check)

    def _shelf(self) -> list[list[Tree]]:
        began = time.perf_counter()
        shelf = self.lessons.shelf(self.place.shelf, self.place.shelf_step)
        self.place = replace(self.place, seconds=self.place.seconds + time.perf_counter() - began)
        return shelf

    def _step(self, trees: list[Tree]) -> int:
        """One optimizer step. Returns the tokens it saw."""
        self.network.train()
        batch = lay_out(trees)
        draw = torch.Generator().manual_seed(self.recipe.seed * 1_000_003 + self.place.step)
        stage = self.recipe.stage(self.place.step)
        found = losses(self._student, batch, self.recipe, stage, yes=self.lessons.yes, no=self.lessons.no, draw=draw)
        found.total.backward()
        torch.nn.utils.clip_grad_norm_(self._student.parameters(), self.recipe.clip)
        for optimizer in self._optimizers:
            for group in optimizer.param_groups:
                group["lr"] = rate(self.place.step, self.recipe)
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        self._means.add(found)
        return batch.tokens

    def _after_step(self, last: int, check: Check | None) -> None:
        step = self.place.step
        if step % self.recipe.log_every == 0 or step == last:
            self.journal.note({"step": step, "tokens": self.place.tokens, "seconds": round(self.place.seconds, 1), **self._means.take()})
        if step % self.recipe.checkpoint_every == 0 or step == last:
            save(self.checkpoints, self.place, self.recipe, self._student, self._optimizers)
        if check is not None and (step % self.recipe.check_every == 0 or step == last):
            began = time.perf_counter()
            found = check(self.network.eval())
            self.journal.note({"step": step, "check": found, "check_seconds": round(time.perf_counter() - began, 1)})
