"""Compares runs that must not differ: strength 0 with no steering, a batch with single rows, shared work with recomputing."""

from collections.abc import Sequence

import numpy as np
import torch

from harness.model.addition import addition_of
from harness.model.engine.budget import BYTES
from harness.model.engine.measuring import measure_answers
from harness.model.engine.prefixes import by_prompt, prefixes_of, prompts_of
from harness.model.engine.rows import SteeredRow, ready
from harness.model.engine.upper import ask_above, run_lower
from harness.model.engine.way import TOLERANCE, asking, way_of
from harness.model.loading import LoadedModel
from harness.model.passes import forward
from harness.model.tokens import batches, encode_fitting, pad, token_length
from harness.numerics.gates.identity import IdentityCheck
from harness.records import Positions, Prompt, SteeringPlan

TOKEN_BUDGET = 8192
NEW_TOKENS = 4
"""Of the answers that are compared, in which the later ones see the earlier."""
STRENGTH = 1.0
"""Of the steered runs that are compared; what is added has a norm of this."""


def identity_checks(model: LoadedModel, prompts: Sequence[Prompt], layer: int, rng: np.random.Generator) -> list[IdentityCheck]:
    """The comparisons of the identity gate, over all prompts, at one layer.

    Args: prompts that fit the context; layer that is steered; rng, for the direction of the steered runs.
    Returns: one check for each claim, for strength 0 with tolerance 0, with the largest difference of logits over the whole vocabulary.
    """
    vector = rng.standard_normal(model.info.d_model)
    delta = (STRENGTH * vector / np.linalg.norm(vector)).astype(np.float32)
    plain = _batched(model, prompts, None)
    steered = _batched(model, prompts, _plan(layer, delta, len(prompts), "generated"))
    recomputed = torch.cat([plain, steered])
    everywhere = torch.cat([plain, _batched(model, prompts, _plan(layer, delta, len(prompts), "all"))])
    lengths = [token_length(model, prompt) for prompt in prompts]
    longest = max(lengths)
    answerable = [prompt for prompt, length in zip(prompts, lengths, strict=True) if length + NEW_TOKENS <= model.info.context]
    tolerance = TOLERANCE[model.dtype]
    checks = [
        _check(f"strength 0 at {where} tokens", plain, _batched(model, prompts, _plan(layer, 0 * delta, len(prompts), where)), 0.0)
        for where in ("generated", "all")
    ]
    return [
        *checks,
        _check("single rows instead of a batch", plain, _single(model, prompts, None), tolerance),
        _check("single steered rows instead of a batch", steered, _single(model, prompts, _plan(layer, delta, 1, "generated")), tolerance),
        _check(
            f"{way_of(model, longest).name} instead of recomputing",
            recomputed,
            _shared(model, prompts, layer, delta, "generated"),
            tolerance,
        ),
        _check("skipped lower layers instead of recomputing", everywhere, _shared(model, prompts, layer, delta, "all"), tolerance),
        *([_answers_check(model, answerable, layer, delta, where) for where in ("generated", "all")] if answerable else []),
    ]


def _plan(layer: int, delta: np.ndarray, rows: int, positions: Positions) -> SteeringPlan:
    return SteeringPlan(layer=layer, positions=positions, deltas=np.tile(delta, (rows, 1)))


def _batched(model: LoadedModel, prompts: Sequence[Prompt], plan: SteeringPlan | None) -> torch.Tensor:
    """Logits after each prompt, (prompts, vocabulary), from batches with padding."""
    encoded = encode_fitting(model, prompts)
    found: dict[int, torch.Tensor] = {}
    for rows in batches([len(prompt.tokens) for prompt in encoded], TOKEN_BUDGET):
        additions = () if plan is None else (addition_of(model, plan, rows),)
        found |= dict(zip(rows, forward(model, pad(model, [encoded[row].tokens for row in rows]), additions).logits, strict=True))
    return torch.stack([found[row] for row in range(len(prompts))])


def _single(model: LoadedModel, prompts: Sequence[Prompt], plan: SteeringPlan | None) -> torch.Tensor:
    return torch.cat([_batched(model, [prompt], plan) for prompt in prompts])


def _shared(model: LoadedModel, prompts: Sequence[Prompt], layer: int, delta: np.ndarray, positions: Positions) -> torch.Tensor:
    """Logits as the sweep gets them, sharing what it shares: (2 * prompts, vocabulary), unsteered first, then steered."""
    rows = [SteeredRow(prompt=prompt) for prompt in prompts]
    rows += [SteeredRow(prompt=prompt, layer=layer, delta=delta) for prompt in prompts]
    queries = ready(model, rows, positions)
    asked = asking(way_of(model, max(len(query.tokens) for query in queries)))
    found: dict[int, torch.Tensor] = {}
    for batch in by_prompt(queries, TOKEN_BUDGET):
        if positions == "generated":
            passes = asked(model, prefixes_of(model, prompts_of(batch)), batch, BYTES)
        else:
            passes = ask_above(model, run_lower(model, batch), batch, positions, TOKEN_BUDGET)
        for one in passes:
            found |= {query.number: logits.cpu() for query, logits in zip(one.rows, one.outcome.logits, strict=True)}
    return torch.stack([found[number] for number in range(len(rows))])


def _answers_check(model: LoadedModel, prompts: Sequence[Prompt], layer: int, delta: np.ndarray, positions: Positions) -> IdentityCheck:
    """The last of a few generated tokens, as the sweep gets them, against a full run over the prompt and the tokens before it: by how much
    its logit falls short of the largest."""
    deltas = np.concatenate([np.tile(0 * delta, (len(prompts), 1)), np.tile(delta, (len(prompts), 1))])
    rows = [SteeredRow(prompt=prompt) for prompt in prompts]
    rows += [SteeredRow(prompt=prompt, layer=layer, delta=delta) for prompt in prompts]
    answers = measure_answers(model, rows, positions, NEW_TOKENS)
    encoded = encode_fitting(model, [row.prompt for row in rows])
    given = [(*prompt.tokens, *answer.tokens[:-1]) for prompt, answer in zip(encoded, answers, strict=True)]
    plan = SteeringPlan(layer=layer, positions=positions, deltas=deltas)
    gaps = []
    for numbers in batches([len(tokens) for tokens in given], TOKEN_BUDGET):
        addition = addition_of(model, plan, numbers, [len(answers[number].tokens) - 1 for number in numbers])
        logits = forward(model, pad(model, [given[number] for number in numbers]), (addition,)).logits
        said = torch.tensor([[answers[number].tokens[-1]] for number in numbers])  # (rows, 1)
        gaps += (logits.amax(dim=-1) - logits.gather(1, said)[:, 0]).tolist()
    return IdentityCheck(
        name=f"answers steered at {positions} tokens that share work instead of recomputing",
        largest_difference=max(gaps),
        tolerance=TOLERANCE[model.dtype],
        token_gaps=tuple(gap for gap in gaps if gap > 0),
    )


def _check(name: str, one: torch.Tensor, other: torch.Tensor, tolerance: float) -> IdentityCheck:
    best = one.topk(2, dim=-1).values  # (prompts, 2)
    differ = one.argmax(dim=-1) != other.argmax(dim=-1)
    gaps = (best[:, 0] - best[:, 1])[differ]
    return IdentityCheck(
        name=name, largest_difference=float((one - other).abs().max()), tolerance=tolerance, token_gaps=tuple(map(float, gaps))
    )
