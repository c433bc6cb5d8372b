"""Compiled functions over flat arrays (`satchel.kernels.compiled`). No classes, no I/O but their own code's.

The only floor with numba, which is imported where something is to be compiled, and nowhere else.
"""
