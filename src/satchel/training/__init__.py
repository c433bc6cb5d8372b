"""Engines, schedules, checkpoints, the loop, and the run that wires them together."""
