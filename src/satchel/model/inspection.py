"""What is in a model file, by its header alone."""

from pathlib import Path
from typing import Any

import numpy as np

from satchel.errors import ModelFileError
from satchel.model.contents import locate_model, opened, read_description
from satchel.model.header import check_layout
from satchel.model.packing import PACKABLE
from satchel.reporting import byte_size


def inspect_model(path: Path) -> dict[str, Any]:
    """What a model file says of itself; no tensor is read, and the checksum is not compared.

    Of a tensor that is compressed it says the type and shape before, and the bytes after.

    Raises:
        ModelFileError: there is none, or its header cannot be right.
    """
    path = locate_model(path)
    with opened(path) as file:
        description = read_description(path, file)
        check_layout(path, file.tensors, description)
        shapes = description.get("packing", {}).get("shapes", {})
        tensors = {
            name: {
                "type": str(np.dtype(PACKABLE[name]) if name in shapes else info.dtype),
                "shape": shapes.get(name, list(info.shape)),
                "bytes": info.size,
            }
            for name, info in sorted(file.tensors.items())
        }
        return {"path": str(path), "bytes": file.size, **description, "tensors": tensors}


_PARTS = {
    "rows": ("embedding", "embedding.scales"),
    "features' hashes": ("vocabulary.hashes",),
    "counts": ("vocabulary.counts", "vocabulary.document_counts"),
    "words": ("vocabulary.word_rows", "vocabulary.word_ends", "vocabulary.words"),
    "subwords": ("vocabulary.subwords",),
    "linear layer": ("linear.weight", "linear.bias"),
}


def part_sizes(inspected: dict[str, Any]) -> dict[str, int]:
    """The bytes of each part of a model file, and of all of it.

    Args:
        inspected: what `inspect_model` gave.
    """
    sizes = {name: tensor["bytes"] for name, tensor in inspected["tensors"].items()}
    parts = {part: sum(sizes.get(name, 0) for name in names) for part, names in _PARTS.items()}
    parts["header"] = inspected["bytes"] - sum(sizes.values())
    return {**parts, "all": inspected["bytes"]}


def part_rows(before: dict[str, int], after: dict[str, int]) -> list[tuple[str, ...]]:
    """The sizes of two files' parts side by side, for a reader."""
    rows = [
        (part, byte_size(size), byte_size(after[part]), f"{size / after[part]:.1f}" if after[part] else "")
        for part, size in before.items()
        if size or after[part]
    ]
    return [("", "before", "after", "times smaller"), *rows]


def inspection_rows(inspected: dict[str, Any], labels: int = 10) -> list[tuple[str, str]]:
    """What a user reads of it: name and value.

    Args:
        inspected: what `inspect_model` gave.
        labels: how many labels to show, the most frequent first.
    """
    try:
        tensors = inspected["tensors"]
        rows, dimension = tensors["embedding"]["shape"]
        words = tensors["vocabulary.word_rows"]["shape"][0]
        counted = sorted(
            zip(inspected["labels"], inspected["label_counts"], strict=True), key=lambda pair: -pair[1]
        )
        shown = [
            ("file", inspected["path"]),
            ("size", byte_size(inspected["bytes"])),
            ("format", f"version {inspected['version']}, by Satchel {inspected['satchel']}"),
            ("character classes", f"Unicode {inspected['unicode']}"),
            ("features", f"{rows:,}"),
            ("  of these words", f"{words:,}"),
            ("embedding dimension", f"{dimension:,}"),
            ("rows of", inspected.get("packing", {"rows": "float32"})["rows"]),
            ("words trained on", f"{inspected['total_words']:,}"),
            ("temperature", f"{inspected['temperature']:.4f}"),
        ]
        for section in ("text", "vocabulary", "model", "reader"):
            shown += [
                (f"{section}.{name}", str(value.get("name", value) if isinstance(value, dict) else value))
                for name, value in inspected[section].items()
                if value not in (None, {})
            ]
        shown += [
            (f"tensor {name}", f"{tensor['type']} {tensor['shape']}, {byte_size(tensor['bytes'])}")
            for name, tensor in tensors.items()
        ]
        shown += [("sha256", inspected["sha256"]), ("labels", f"{len(counted):,}")]
        shown += [(f"  {name}", f"{count:,} documents") for name, count in counted[:labels]]
        if len(counted) > labels:
            shown.append(("  …", f"{len(counted) - labels:,} more"))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ModelFileError(
            f"{inspected['path']}: a damaged model file: its description lacks {error}: fetch it again, or "
            "train again"
        ) from error
    return shown
