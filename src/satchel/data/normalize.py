"""Unicode and case folding, on Arrow arrays."""

import numpy as np
import pyarrow as pa

from satchel.data import compute as pc
from satchel.data.batches import from_numpy, text_buffers
from satchel.data.settings import TextSettings
from satchel.kernels import folding as kernels
from satchel.kernels.characters import settled_characters


def normalize(texts: pa.LargeStringArray, settings: TextSettings) -> pa.LargeStringArray:
    """Folds what the settings say is the same, large_string [N] -> large_string [N]."""
    if settings.normalize == "none" and not settings.lowercase:
        return texts
    offsets, data = text_buffers(texts)
    out = np.empty(int(offsets[-1] - offsets[0]), dtype=np.uint8)
    folded = pa.LargeStringArray.from_buffers(
        len(texts), pa.py_buffer(offsets - offsets[0]), pa.py_buffer(out)
    )
    # Normalisation leaves ASCII as it is, and finding ASCII is ten times as fast as normalising.
    if kernels.fold_ascii(data[offsets[0] : offsets[-1]], settings.lowercase, out):
        return folded
    # In most texts of other scripts nothing changes either, and finding that is eight times as fast.
    unsettled = np.empty(len(texts), dtype=np.bool_)
    kernels.fold(data, offsets, settled_characters(), settings.lowercase, out, unsettled)
    if not unsettled.any():
        return folded
    mask = from_numpy(unsettled)
    return pc.replace_with_mask(folded, mask, _folded(texts.filter(mask), settings))


def _folded(texts: pa.LargeStringArray, settings: TextSettings) -> pa.LargeStringArray:
    """Folds texts of any characters."""
    if settings.normalize != "none":
        texts = pc.utf8_normalize(texts, form=settings.normalize.upper())
    return pc.utf8_lower(texts) if settings.lowercase else texts
