"""Records of a file, put together from columns of strings."""

from satchel.kernels.compiled import kernel
from satchel.kernels.lines import copy_range


@kernel
def write_column(data, offsets, out, places):  # type: ignore[no-untyped-def]
    """Writes one string into each record.

    Args:
        data: uint8, the strings.
        offsets: int64 [N + 1], where each begins in `data`; [2] where one is for all records.
        out: uint8, receives them.
        places: int64 [N], where in `out` each record's goes; becomes the place behind it.
    """
    last = offsets.shape[0] - 2
    for n in range(places.shape[0]):
        string = min(n, last)
        places[n] = copy_range(data, offsets[string], offsets[string + 1], out, places[n])
