"""The exported model is what its card says, and loads with transformers alone."""

import json
import math
from pathlib import Path
from random import Random

import pytest
import torch
from safetensors import safe_open
from transformers import AutoModelForCausalLM, AutoTokenizer, GPTBigCodeForCausalLM, PreTrainedTokenizerBase

from harness.prompts import NO, QUESTIONS, YES
from harness.scoring.sentences import count_sentences
from training.generation import respond
from training.lessons import Lessons
from training.margins import ask, margins, unseen_pairs
from training.plain_code import PlainCode
from training.recipe import Recipe
from training.train import NANO


@pytest.fixture(scope="module")
def nano() -> GPTBigCodeForCausalLM:
    return AutoModelForCausalLM.from_pretrained(NANO, dtype=torch.float32).eval()


@pytest.fixture(scope="module")
def nano_tokenizer() -> PreTrainedTokenizerBase:
    return AutoTokenizer.from_pretrained(NANO)


def test_weights_are_bf16_safetensors_of_at_most_25_mb_and_12m_parameters() -> None:
    weights = NANO / "model.safetensors"
    assert weights.stat().st_size <= 25_000_000
    with safe_open(weights, framework="pt") as held:
        sizes = {name: held.get_slice(name) for name in held.keys()}  # noqa: SIM118 - no mapping
        assert {size.get_dtype() for size in sizes.values()} == {"BF16"}
        assert sum(math.prod(size.get_shape()) for size in sizes.values()) <= 12_000_000


def test_architecture_is_starcoders(nano: GPTBigCodeForCausalLM) -> None:
    assert nano.config.model_type == "gpt_bigcode"
    assert nano.config.multi_query
    assert nano.config.n_positions == 2048


def test_loading_says_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    AutoModelForCausalLM.from_pretrained(NANO)
    AutoTokenizer.from_pretrained(NANO)
    told = capfd.readouterr()
    assert "warn" not in (told.out + told.err).lower()
    assert "may result" not in (told.out + told.err).lower()


def test_end_of_text_begins_ends_and_pads(nano: GPTBigCodeForCausalLM, nano_tokenizer: PreTrainedTokenizerBase) -> None:
    end = nano_tokenizer.convert_tokens_to_ids("<|endoftext|>")
    assert nano_tokenizer.eos_token_id == nano_tokenizer.pad_token_id == end
    for settings in (nano.config, nano.generation_config):
        assert (settings.bos_token_id, settings.eos_token_id, settings.pad_token_id) == (end, end, end)


def test_code_comes_back_byte_for_byte(nano_tokenizer: PreTrainedTokenizerBase) -> None:
    plain = PlainCode()
    odd = ["", "\n\n\n", "\t\tx\r\n", "  no  spaces ,  cleaned .", "größe = '→\x00'", "a  \n   b\n"]
    for text in [plain.passage(Random(seed), 3000) for seed in range(20)] + odd:
        assert nano_tokenizer.decode(nano_tokenizer.encode(text)) == text


def test_answers_differ_in_one_token_behind_the_prompt(nano_tokenizer: PreTrainedTokenizerBase) -> None:
    prompt = nano_tokenizer.encode("# Answer:")
    for answer in (YES, NO):
        joined = nano_tokenizer.encode(f"# Answer:{answer}, it")
        assert joined[: len(prompt)] == prompt
        assert nano_tokenizer.decode(joined[len(prompt)]) == answer


def test_code_and_question_tokenised_apart_are_the_prompt(nano_tokenizer: PreTrainedTokenizerBase) -> None:
    lessons = Lessons(Recipe(), nano_tokenizer, PlainCode())
    for pair in unseen_pairs("CWE-787", 10, held_out=False, seed="tokens"):
        prompt = ask(pair.patched)
        apart = lessons.encode(prompt.text[: prompt.code_end]) + lessons.encode(prompt.text[prompt.code_end :])
        assert list(apart) == nano_tokenizer.encode(prompt.text)


def test_margins_of_questions_that_share_their_code_are_those_of_each_prompt_alone(
    nano: GPTBigCodeForCausalLM, nano_tokenizer: PreTrainedTokenizerBase
) -> None:
    pairs = [*unseen_pairs("CWE-787", 3, held_out=False, seed="alone"), *unseen_pairs("CWE-89", 2, held_out=True, seed="alone")]
    prompts = [ask(half, question) for question in QUESTIONS for pair in pairs for half in (pair.vulnerable, pair.patched)]
    yes, no = (nano_tokenizer.encode(answer)[0] for answer in (YES, NO))
    alone = []
    for prompt in prompts:
        with torch.no_grad():
            logits = nano(torch.tensor([nano_tokenizer.encode(prompt.text)])).logits[0, -1]
        alone.append((logits[yes] - logits[no]) * (1 if prompt.asks == "vulnerable" else -1))
    torch.testing.assert_close(margins(nano, nano_tokenizer, prompts, tokens_a_batch=1500), torch.stack(alone), atol=1e-4, rtol=1e-4)


def test_answers_have_two_sentences_and_end_by_themselves(nano: GPTBigCodeForCausalLM, nano_tokenizer: PreTrainedTokenizerBase) -> None:
    prompts = [ask(half) for pair in unseen_pairs("CWE-787", 10, held_out=False, seed="ends") for half in (pair.vulnerable, pair.patched)]
    responses = respond(nano, nano_tokenizer, prompts)
    assert sum(response.ended and count_sentences(response.text) >= 2 for response in responses) >= 18


def test_clear_programs_of_cwe_787_are_told_apart(nano: GPTBigCodeForCausalLM, nano_tokenizer: PreTrainedTokenizerBase) -> None:
    pairs = unseen_pairs("CWE-787", 60, held_out=False, seed="tests")
    clear = [pair for pair in pairs if pair.vulnerable.hardness == "clear"]
    vulnerable = margins(nano, nano_tokenizer, [ask(pair.vulnerable) for pair in clear])
    patched = margins(nano, nano_tokenizer, [ask(pair.patched) for pair in clear])
    assert float((vulnerable > patched).float().mean()) >= 0.8


def test_declared_layer_is_one_of_the_models(nano: GPTBigCodeForCausalLM) -> None:
    declared = json.loads((NANO / "declared.json").read_text(encoding="utf-8"))
    assert 0 <= declared["layer"] < nano.config.n_layer


def test_card_and_log_lie_beside_the_weights() -> None:
    log = (NANO / "training-log.jsonl").read_text(encoding="utf-8").splitlines()
    assert any("recipe" in json.loads(line) for line in log)
    assert "balanced accuracy" in Path(NANO / "README.md").read_text(encoding="utf-8")
