"""From what the evals declare, and what the options say, to cases and sweep plans. Pure data; no weights are loaded here."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property

from harness.errors import PlanError
from harness.model.description import ModelInfo
from harness.plans import Cell, ModelRequest, SweepPlan
from harness.plugin.settings import Settings, short_name
from harness.records import ContrastPair, Example
from harness.storage.datasets import contrast_pairs, data_hash, load_dataset, load_fitting


@dataclass(frozen=True, kw_only=True)
class Needs:
    """What an eval declares with `@pytest.mark.declares(...)`.

    layer, strength: whether the eval is repeated for each of these. shift: it wants margins under treatment and placebos.
    text: it wants generated responses, unsteered and steered.
    """

    layer: bool = False
    strength: bool = False
    shift: bool = False
    text: bool = False

    def __post_init__(self) -> None:
        if (self.shift or self.text) and not (self.layer and self.strength):
            raise PlanError(
                "an eval that declares shift or text must declare layer and strength too; add layer=True, strength=True to its mark"
            )


@dataclass(frozen=True, kw_only=True)
class Case:
    """One eval for one model, dataset and CWE, and, where it declared them, one layer and one strength."""

    model: ModelRequest
    dataset: str
    cwe: str
    layer: int | None
    strength: float | None

    @property
    def id(self) -> str:
        """Such as `nano-verified-cwe787-l4-s10`: lower case, no dash inside a part, so that -k can select it."""
        parts = [short_name(self.model.name), self.dataset, self.cwe.lower().replace("-", "")]
        if self.layer is not None:
            parts.append(f"l{self.layer}")
        if self.strength is not None:
            parts.append(f"s{self.strength:g}")
        return "-".join(parts)

    @property
    def group(self) -> tuple[ModelRequest, str, str]:
        """Cases of one group share one sweep."""
        return self.model, self.dataset, self.cwe

    @property
    def group_id(self) -> str:
        return "-".join((short_name(self.model.name), self.dataset, self.cwe.lower().replace("-", "")))

    @property
    def cell(self) -> Cell:
        if self.layer is None or self.strength is None:
            raise PlanError(f"case {self.id} declared no layer and strength; add layer=True, strength=True to its mark")
        return Cell(layer=self.layer, strength=self.strength)


class Planner:
    """Turns declarations into cases, and the cases that were selected into one plan a group."""

    def __init__(self, settings: Settings, inspect_model: Callable[..., ModelInfo]) -> None:
        self.settings = settings
        self._inspect = inspect_model
        self._models: dict[ModelRequest, ModelInfo] = {}

    @cached_property
    def examples(self) -> list[Example]:
        """The examples of the chosen dataset and split, read and checked once."""
        return load_dataset(self.settings.dataset, self.settings.dataset_dir, self.settings.split)

    @cached_property
    def fitting(self) -> list[Example]:
        """What directions may be fitted on: the examples, and their variants where the dataset has some."""
        return load_fitting(self.settings.dataset, self.settings.dataset_dir, self.settings.split)

    @cached_property
    def data_hash(self) -> str:
        return data_hash(self.fitting)

    @cached_property
    def pairs(self) -> tuple[ContrastPair, ...]:
        """All contrast pairs, of every CWE."""
        return tuple(contrast_pairs(self.examples).pairs)

    @cached_property
    def unpaired(self) -> tuple[Example, ...]:
        """Examples without a partner: only one label of their variant is in the dataset."""
        return tuple(contrast_pairs(self.examples).alone)

    def model_info(self, request: ModelRequest) -> ModelInfo:
        if request not in self._models:
            info = self._inspect(request.name, request.revision)
            if self.settings.max_new_tokens >= info.context:
                raise PlanError(
                    f"--max-new-tokens {self.settings.max_new_tokens} leaves no room for a prompt in the context of {info.context} tokens "
                    f"of {request.name}; lower it"
                )
            self._models[request] = info
        return self._models[request]

    def cases(self, needs: Needs) -> list[Case]:
        """Every case an eval with these needs stands for."""
        cwes = sorted({pair.cwe for pair in self.pairs}, key=lambda cwe: int(cwe.removeprefix("CWE-")))
        return [
            Case(model=model, dataset=self.settings.dataset, cwe=cwe, layer=layer, strength=strength)
            for model in self.settings.models
            for cwe in cwes
            for layer in (self._layers(model) if needs.layer else (None,))
            for strength in (self.settings.strengths if needs.strength else (None,))
        ]

    def plan(self, declared: Iterable[tuple[Case, Needs]]) -> dict[str, SweepPlan]:
        """One plan a group, from the cases that were selected; keyed by group id."""
        groups: dict[str, list[tuple[Case, Needs]]] = {}
        for case, needs in declared:
            groups.setdefault(case.group_id, []).append((case, needs))
        return {group: self._plan_group(members) for group, members in groups.items()}

    def _plan_group(self, members: list[tuple[Case, Needs]]) -> SweepPlan:
        first = members[0][0]
        pairs = tuple(pair for pair in self.pairs if pair.cwe == first.cwe)
        fitting = contrast_pairs(self.fitting).pairs
        return SweepPlan(
            model=first.model,
            dataset=first.dataset,
            data_hash=self.data_hash,
            cwe=first.cwe,
            pairs=pairs,
            fitting_pairs=fitting if self.settings.fit == "pooled" else tuple(pair for pair in fitting if pair.cwe == first.cwe),
            question=self.settings.question,
            positions=self.settings.positions,
            layers=tuple(sorted({case.layer for case, _ in members if case.layer is not None})),
            shift_cells=tuple(sorted({case.cell for case, needs in members if needs.shift})),
            text_cells=tuple(sorted({case.cell for case, needs in members if needs.text})),
            placebos=self.settings.placebos,
            max_new_tokens=self.settings.max_new_tokens,
            seed=self.settings.seed,
            estimator=self.settings.estimator,
        )

    def _layers(self, request: ModelRequest) -> tuple[int, ...]:
        info = self.model_info(request)
        for layer in self.settings.layers:
            if not 0 <= layer < info.layers:
                raise PlanError(
                    f"--layer {layer} is outside 0..{info.layers - 1} of {request.name}; give one of these, "
                    f"or leave it out for layer {info.declared_layer}"
                )
        return self.settings.layers or (info.declared_layer,)
