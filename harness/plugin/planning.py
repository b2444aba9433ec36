"""From what the evals declare, and what the options say, to cases and sweep plans. Pure data; no weights are loaded here."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from harness.errors import PlanError
from harness.model.description import ModelInfo
from harness.plans import Cell, ModelRequest, SweepPlan, cwe_number
from harness.plugin.settings import DEFAULTS, Settings, cells_of, short_name
from harness.records import ContrastPair, Example
from harness.storage.datasets import contrast_pairs, data_hash, dataset_name, load_dataset, load_fitting


@dataclass(frozen=True, kw_only=True)
class Needs:
    """What an eval declares with `@pytest.mark.declares(...)`.

    layer, strength: whether the eval is repeated for each of these. choice: with --choose it is one case, whose layer and strength are
    chosen among all. What it wants measured: shift, margins under treatment and placebos; text, responses, unsteered and steered;
    residuals, those of all declared layers; transfer, margins under the directions of other CWEs; variants, margins of the rewrites;
    prompt, margins and responses under an instruction instead of a vector.
    rival: the case compares the first model with each of the others. baseline: it compares the effect with that of an earlier run.
    """

    layer: bool = False
    strength: bool = False
    choice: bool = False
    shift: bool = False
    text: bool = False
    residuals: bool = False
    transfer: bool = False
    variants: bool = False
    prompt: bool = False
    rival: bool = False
    baseline: bool = False

    def __post_init__(self) -> None:
        wants = ("shift", "text", "transfer", "variants", "prompt", "rival", "baseline", "choice")
        measured = [name for name in wants if getattr(self, name)]
        if measured and not (self.layer and self.strength):
            raise PlanError(
                f"an eval that declares {measured[0]} must declare layer and strength too; add layer=True, strength=True to its mark"
            )


@dataclass(frozen=True, kw_only=True)
class Case:
    """One eval for one model, dataset and CWE, and, where it declared them, one layer and one strength.

    candidates: the cells it is chosen among, where it is. rival: the model it is compared with, and rival_layer where that one is steered.
    """

    model: ModelRequest
    dataset: str
    cwe: str
    layer: int | None
    strength: float | None
    candidates: tuple[Cell, ...] = ()
    rival: ModelRequest | None = None
    rival_layer: int | None = None

    @property
    def id(self) -> str:
        """Such as `nano-verified-cwe787-l4-s10`: lower case, no dash inside a part, so that -k can select it."""
        against = f".vs.{short_name(self.rival.name)}" if self.rival else ""
        parts = [f"{short_name(self.model.name)}{against}", self.dataset, self.cwe.lower().replace("-", "")]
        if self.layer is not None:
            parts.append(f"l{self.layer}")
        if self.strength is not None:
            parts.append(f"s{self.strength:g}")
        if self.candidates:
            parts.append("chosen")
        return "-".join(parts)

    @property
    def group(self) -> tuple[ModelRequest, str, str]:
        """Cases of one group share one sweep."""
        return self.model, self.dataset, self.cwe

    @property
    def group_id(self) -> str:
        return _group_id(self.model, self.dataset, self.cwe)

    @property
    def rival_group_id(self) -> str:
        """The group of the model it is compared with. Raises: PlanError where it is compared with none."""
        if self.rival is None:
            raise PlanError(f"case {self.id} is compared with no model; give a second --model")
        return _group_id(self.rival, self.dataset, self.cwe)

    @property
    def cells(self) -> tuple[Cell, ...]:
        """The cells it is judged in: of the rival too, where there is one; none where the eval declared no layer and strength."""
        if self.candidates:
            return self.candidates
        if self.layer is None or self.strength is None:
            return ()
        rival = () if self.rival_layer is None else (Cell(layer=self.rival_layer, strength=self.strength),)
        return (self.cell, *rival)

    @property
    def cell(self) -> Cell:
        if self.layer is None or self.strength is None:
            raise PlanError(f"case {self.id} declared no layer and strength; add layer=True, strength=True to its mark")
        return Cell(layer=self.layer, strength=self.strength)


class Planner:
    """Turns declarations into cases, and the cases that were selected into one plan a group."""

    def __init__(self, settings: Settings, inspect_model: Callable[..., ModelInfo]) -> None:
        self.settings = settings
        self.dataset = dataset_name(settings.dataset)
        self._inspect = inspect_model
        self._models: dict[ModelRequest, ModelInfo] = {}

    @cached_property
    def examples(self) -> list[Example]:
        """The examples of the chosen dataset and split, read and checked once. Raises: PlanError for two questions about one text."""
        settings = self.settings
        found = load_dataset(settings.dataset, settings.dataset_dir, settings.split)
        if settings.question != DEFAULTS["prompt"] and any(example.question for example in found):
            raise PlanError(
                f"--prompt {settings.question} asks about weaknesses, and {settings.dataset} puts a question of its own; leave it out"
            )
        return found

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
        cwes = sorted({pair.cwe for pair in self.pairs}, key=cwe_number)
        if needs.rival:
            return [case for rival in self.settings.models[1:] for cwe in cwes for case in self._against(rival, cwe)]
        if needs.baseline and not self.settings.baseline:
            return []
        if needs.choice and self.settings.choose:
            return [
                Case(model=model, dataset=self.dataset, cwe=cwe, layer=None, strength=None, candidates=self._candidates(model))
                for model in self.settings.models
                for cwe in cwes
            ]
        return [
            Case(model=model, dataset=self.dataset, cwe=cwe, layer=layer, strength=strength)
            for model in self.settings.models
            for cwe in cwes
            for layer in (self._layers(model) if needs.layer else (None,))
            for strength in (self.settings.strengths if needs.strength else (None,))
        ]

    def _candidates(self, model: ModelRequest) -> tuple[Cell, ...]:
        return cells_of(self._layers(model), self.settings.strengths)

    def _against(self, rival: ModelRequest, cwe: str) -> list[Case]:
        """The first model against another, each at the layers given or at its own declared one."""
        first = self.settings.models[0]
        layers = zip(self._layers(first), self._layers(rival), strict=True)
        return [
            Case(
                model=first,
                dataset=self.dataset,
                cwe=cwe,
                layer=layer,
                strength=strength,
                rival=rival,
                rival_layer=rival_layer,
            )
            for layer, rival_layer in layers
            for strength in self.settings.strengths
        ]

    def plan(self, declared: Iterable[tuple[Case, Needs]]) -> dict[str, SweepPlan]:
        """One plan a group, from the cases that were selected; keyed by group id."""
        groups: dict[str, list[tuple[Case, Needs]]] = {}
        for case, needs in declared:
            groups.setdefault(case.group_id, []).append((replace(case, rival=None, rival_layer=None), needs))
            if case.rival:
                rival = replace(case, model=case.rival, layer=case.rival_layer, rival=None, rival_layer=None)
                groups.setdefault(rival.group_id, []).append((rival, needs))
        return {group: self._plan_group(members) for group, members in groups.items()}

    def _plan_group(self, members: list[tuple[Case, Needs]]) -> SweepPlan:
        first = members[0][0]
        pairs = tuple(pair for pair in self.pairs if pair.cwe == first.cwe)
        fitting = contrast_pairs(self.fitting).pairs
        own = tuple(pair for pair in fitting if pair.cwe == first.cwe)
        tested = {(pair.scenario, pair.variant) for pair in pairs}

        def cells(want: str) -> tuple[Cell, ...]:
            return tuple(sorted({cell for case, needs in members if getattr(needs, want) for cell in case.cells}))

        layers = {case.layer for case, _ in members if case.layer is not None} | {cell.layer for case, _ in members for cell in case.cells}
        if any(needs.residuals for _, needs in members):
            layers |= set(self._layers(first.model))
        return SweepPlan(
            model=first.model,
            dataset=first.dataset,
            data_hash=self.data_hash,
            cwe=first.cwe,
            pairs=pairs,
            fitting_pairs=fitting if self.settings.fit == "pooled" else own,
            other_pairs=tuple(pair for pair in fitting if pair.cwe != first.cwe) if cells("transfer") else (),
            variant_pairs=tuple(pair for pair in own if (pair.scenario, pair.variant) not in tested) if cells("variants") else (),
            question=self.settings.question,
            positions=self.settings.positions,
            layers=tuple(sorted(layers)),
            shift_cells=cells("shift"),
            text_cells=cells("text"),
            transfer_cells=tuple(sorted({*cells("transfer"), *cells("rival"), *cells("baseline")})),
            variant_cells=cells("variants"),
            prompted=bool(cells("prompt")),
            placebos=self.settings.placebos,
            max_new_tokens=self.settings.max_new_tokens,
            seed=self.settings.seed,
            estimator=self.settings.estimator,
        )

    def family(self, plans: Mapping[str, SweepPlan], case: Case) -> dict[str, str]:
        """CWE -> group of the same model whose transfer is measured in the case's cell: those a p-value is adjusted over.

        A group that another model is compared with measures its own direction in that cell, and no other: it has no p-value to adjust.
        """
        measured = {plan.cwe: group for group, plan in plans.items() if plan.model == case.model and case.cell in plan.transfer_cells}
        return {cwe: group for cwe, group in measured.items() if cwe == case.cwe or plans[group].other_pairs}

    def _layers(self, request: ModelRequest) -> tuple[int, ...]:
        info = self.model_info(request)
        for layer in self.settings.layers:
            if not 0 <= layer < info.layers:
                raise PlanError(
                    f"--layer {layer} is outside 0..{info.layers - 1} of {request.name}; give one of these, "
                    f"or leave it out for layer {info.declared_layer}"
                )
        return self.settings.layers or (info.declared_layer,)


def _group_id(model: ModelRequest, dataset: str, cwe: str) -> str:
    return "-".join((short_name(model.name), dataset, cwe.lower().replace("-", "")))
