"""What a stopped training needs in order to go on as if it had not stopped."""

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import nn
from transformers import AutoModelForCausalLM, GPTBigCodeForCausalLM

from harness.errors import StoreError
from training.recipe import Recipe
from training.rescale import rescale

_NAME = "latest.pt"


@dataclass(frozen=True, kw_only=True)
class Place:
    """How far a training is: steps done, the shelf in hand, the step it was begun at, its used-up batches, tokens and seconds in all."""

    step: int = 0
    shelf: int = 0
    used: int = 0
    shelf_step: int = 0
    tokens: int = 0
    seconds: float = 0.0


def save(folder: Path, place: Place, recipe: Recipe, network: nn.Module, optimizers: list[torch.optim.Optimizer]) -> None:
    """Writes the checkpoint beside the last one and then puts it in its place: a kill in between loses nothing."""
    folder.mkdir(parents=True, exist_ok=True)
    state = {
        "place": vars(place),
        "recipe": recipe.as_dict(),
        "network": network.state_dict(),
        "optimizers": [optimizer.state_dict() for optimizer in optimizers],
    }
    torch.save(state, folder / f"{_NAME}.new")
    (folder / f"{_NAME}.new").replace(folder / _NAME)


def load(folder: Path, recipe: Recipe, network: nn.Module, optimizers: list[torch.optim.Optimizer], *, start: Place | None = None) -> Place:
    """Brings network and optimizers back to where they were; `start`, or else the beginning, where there is no checkpoint.

    Raises: StoreError where the checkpoint is of another recipe.
    """
    path = folder / _NAME
    if not path.exists():
        return start or Place()
    state = torch.load(path, weights_only=True)
    _same_recipe(path, state, recipe)
    network.load_state_dict(state["network"])
    for optimizer, held in zip(optimizers, state["optimizers"], strict=True):
        optimizer.load_state_dict(held)
    return Place(**state["place"])


def start_from(exported: Path, network: GPTBigCodeForCausalLM) -> Place:
    """Gives the network the weights of an exported model, and says how far that model had come, from its log.

    The residual stream gets its factor taken back. Optimizers and spotter begin anew, and so do the lessons: their shelves are numbered on
    from the step, a number that no shelf of that training had.
    Raises: StoreError for a folder without the files of an export.
    """
    try:
        declared = json.loads((exported / "declared.json").read_text(encoding="utf-8"))
        log = (exported / "training-log.jsonl").read_text(encoding="utf-8").splitlines()
        found = AutoModelForCausalLM.from_pretrained(exported, dtype=torch.float32)
    except OSError as missing:
        raise StoreError(f"{exported} is no exported model with its log ({missing}); name a folder as the training writes it") from missing
    rescale(found, 1 / declared["residual_factor"])
    network.load_state_dict(found.state_dict())
    done = [entry for entry in map(json.loads, log) if "tokens" in entry][-1]
    return Place(step=done["step"], shelf=done["step"], shelf_step=done["step"], tokens=done["tokens"], seconds=done["seconds"])


def _same_recipe(path: Path, state: dict[str, Any], recipe: Recipe) -> None:
    wanted = recipe.as_dict()
    changed = {key for key in wanted if state["recipe"].get(key) != wanted[key]}
    level_until = min(recipe.level_until, replace(recipe, steps=state["recipe"]["steps"]).level_until)
    if state["place"]["step"] <= level_until:
        changed.discard("steps")  # the end may still be moved
    if changed:
        raise StoreError(
            f"the checkpoint {path} was made with another {', '.join(sorted(changed))}; "
            "ask for the recipe it was made with, or choose another --checkpoints folder"
        )
