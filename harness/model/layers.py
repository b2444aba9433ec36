"""Where the residual stream runs through a model: the list of blocks and the norm behind the last one, found by shape, not by name."""

from typing import TYPE_CHECKING, NamedTuple

from torch import nn

from harness.errors import ModelError

if TYPE_CHECKING:
    from nnsight.intervention.envoy import Envoy


class Stream(NamedTuple):
    """The modules that carry the residual stream, as nnsight serves them."""

    blocks: "tuple[Envoy, ...]"
    final_norm: "Envoy"


def find_stream(root: "Envoy", module: nn.Module, layers: int) -> Stream:
    """The blocks and the final norm of a model.

    Args: root, the model as nnsight wraps it; module, the same model in torch; layers, the number of blocks its configuration states.
    Raises: ModelError if there is not exactly one list of `layers` blocks with exactly one norm beside it.
    """
    path = block_list(module, layers)
    norm = norm_beside(module, path)
    listed = envoy_at(root, path)
    return Stream(tuple(listed[layer] for layer in range(layers)), envoy_at(root, norm))


def block_list(module: nn.Module, layers: int) -> str:
    """Path of the only ModuleList of the stated length; lists inside its blocks (experts) don't count.

    Raises: ModelError if there is none or more than one.
    """
    found = [path for path, part in module.named_modules() if isinstance(part, nn.ModuleList) and len(part) == layers]
    outermost = [path for path in found if not any(path.startswith(f"{other}.") for other in found)]
    if len(outermost) != 1:
        seen = ", ".join(outermost) if outermost else "none"
        raise ModelError(
            f"{type(module).__name__} should have one list of {layers} blocks, as its configuration states; found {seen}. "
            "This architecture is not supported; choose a decoder whose blocks stand in one list"
        )
    return str(outermost[0])


def norm_beside(module: nn.Module, blocks: str) -> str:
    """Path of the norm behind the last block: the one norm beside the list of blocks that does not belong to the embedding.

    Raises: ModelError if there is none or more than one.
    """
    parent = blocks.rpartition(".")[0]
    beside = module.get_submodule(parent).named_children()
    norms = [name for name, part in beside if "norm" in type(part).__name__.lower() and "emb" not in name.lower()]
    if len(norms) != 1:
        seen = ", ".join(norms) if norms else "none"
        raise ModelError(
            f"{type(module).__name__} should have one norm beside its blocks {blocks}; found {seen}. "
            "This architecture is not supported; choose a decoder that ends in one norm"
        )
    return f"{parent}.{norms[0]}" if parent else str(norms[0])


def envoy_at(root: "Envoy", path: str) -> "Envoy":
    envoy = root
    for name in path.split("."):
        envoy = getattr(envoy, name)
    return envoy
