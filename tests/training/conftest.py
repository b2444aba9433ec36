"""A tokenizer and a recipe small enough to train on in seconds."""

from dataclasses import replace

import pytest
import torch
from transformers import PreTrainedTokenizerFast

from training.plain_code import PlainCode
from training.recipe import Recipe, Shape, Stage
from training.tokenizer import train_tokenizer

TINY = Shape(vocabulary=1200, layers=3, width=32, heads=2, context=1024)
STAGES = (Stage(until=3, hardness=("clear",), longest=900, distractor_share=0.0), Stage(until=6, distractor_share=0.0))


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def recipe() -> Recipe:
    return replace(
        Recipe(),
        shape=TINY,
        steps=6,
        warm_up=2,
        tokens_a_batch=1500,
        pairs_a_shelf=8,
        checkpoint_every=2,
        log_every=3,
        stages=STAGES,
        restarts=(),
    )


@pytest.fixture(scope="session")
def plain() -> PlainCode:
    return PlainCode()


@pytest.fixture(scope="session")
def tokenizer(recipe: Recipe, plain: PlainCode) -> PreTrainedTokenizerFast:
    return train_tokenizer(recipe, plain, programs=400, plain_characters=100_000)
