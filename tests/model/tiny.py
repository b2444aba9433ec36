"""Tiny random models of sixteen architectures with a byte-level tokenizer, and the prompts the tests put to them."""

from pathlib import Path
from typing import Any

import torch
import transformers
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import AutoModelForCausalLM, PreTrainedTokenizerFast

from harness.records import Prompt

LAYERS, WIDTH, CONTEXT, VOCABULARY = 3, 32, 512, 400

GPT2_NAMES = {"n_layer": LAYERS, "n_embd": WIDTH, "n_head": 4, "n_positions": CONTEXT}
LLAMA_NAMES = {
    "num_hidden_layers": LAYERS,
    "hidden_size": WIDTH,
    "intermediate_size": 64,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": CONTEXT,
}
ARCHITECTURES: dict[str, tuple[str, dict[str, Any]]] = {
    "gpt2": ("GPT2Config", GPT2_NAMES),
    "gpt_bigcode": ("GPTBigCodeConfig", {**GPT2_NAMES, "multi_query": True}),
    "starcoder2": ("Starcoder2Config", LLAMA_NAMES),
    "qwen2": ("Qwen2Config", LLAMA_NAMES),
    "qwen3": ("Qwen3Config", {**LLAMA_NAMES, "head_dim": 8}),
    "llama": ("LlamaConfig", LLAMA_NAMES),
    "mistral": ("MistralConfig", {**LLAMA_NAMES, "head_dim": 8}),
    "gemma2": ("Gemma2Config", {**LLAMA_NAMES, "head_dim": 8, "sliding_window": 16}),
    "gemma3": ("Gemma3TextConfig", {**LLAMA_NAMES, "head_dim": 8, "sliding_window": 16}),
    "gpt_neox": (
        "GPTNeoXConfig",
        {key: value for key, value in LLAMA_NAMES.items() if key != "num_key_value_heads"},
    ),
    "phi3": ("Phi3Config", LLAMA_NAMES),
    "opt": (
        "OPTConfig",
        {
            "num_hidden_layers": LAYERS,
            "hidden_size": WIDTH,
            "word_embed_proj_dim": WIDTH,
            "ffn_dim": 64,
            "num_attention_heads": 4,
            "max_position_embeddings": CONTEXT,
        },
    ),
    "falcon": (
        "FalconConfig",
        {"num_hidden_layers": LAYERS, "hidden_size": WIDTH, "num_attention_heads": 4, "max_position_embeddings": CONTEXT},
    ),
    "bloom": ("BloomConfig", {"n_layer": LAYERS, "hidden_size": WIDTH, "n_head": 4}),
    "mpt": ("MptConfig", {"n_layers": LAYERS, "d_model": WIDTH, "n_heads": 4, "max_seq_len": CONTEXT, "expansion_ratio": 2}),
    "olmo2": ("Olmo2Config", LLAMA_NAMES),
}
CODES = (
    "int first(char *to, int n)\n{\n    return to[n];\n}",
    "int copy(char *to, const char *from, int n)\n{\n    for (int i = 0; i <= n; i++) to[i] = from[i];\n    return n;\n}",
    "void f(void) {}",
    "int sum(int *a, int n)\n{\n    int s = 0;\n    for (int i = 0; i < n; i++) s += a[i];\n    return s;\n}",
)
QUESTION = "\n\n# Question\nDoes it overflow?\n\n# Answer:"


def prompt(code: str) -> Prompt:
    """A prompt about code, small enough for a tiny context. Answers as in the harness."""
    return Prompt(
        text=f"# Code (C)\n{code}{QUESTION}",
        asks="vulnerable",
        vulnerable_answer=" Yes",
        secure_answer=" No",
        code_start=11,
        code_end=11 + len(code),
    )


PROMPTS = tuple(prompt(code) for code in CODES)


def tokenizer(**special: str | None) -> PreTrainedTokenizerFast:
    """A byte-level BPE trained here, with "<|end|>" as its end of text."""
    trained = Tokenizer(models.BPE())
    trained.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trained.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY, special_tokens=["<|end|>"], initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False
    )
    trained.train_from_iterator([*(one.text + answer for one in PROMPTS for answer in (" Yes", " No"))] * 4, trainer)
    return PreTrainedTokenizerFast(tokenizer_object=trained, **{"eos_token": "<|end|>", **special})


def save(folder: Path, architecture: str, dtype: torch.dtype = torch.float32, **changes: Any) -> Path:
    """A random model of an architecture, saved with its tokenizer."""
    name, sizes = ARCHITECTURES[architecture]
    torch.manual_seed(11)
    config = getattr(transformers, name)(
        **{**sizes, "vocab_size": VOCABULARY, "bos_token_id": 0, "eos_token_id": 0, "pad_token_id": 0, **changes}
    )
    model = AutoModelForCausalLM.from_config(config, dtype=dtype)
    with torch.no_grad():
        for parameter in model.parameters():
            # Larger than the usual start: the logits of a tiny model lie too close together to tell rows apart.
            parameter.add_(torch.randn_like(parameter) * 0.08)
    model.save_pretrained(folder)
    tokenizer().save_pretrained(folder)
    return folder
