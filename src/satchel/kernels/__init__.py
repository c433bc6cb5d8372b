"""Compiled functions over flat arrays: the only floor that imports numba. No classes, no I/O."""
