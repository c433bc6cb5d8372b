"""Which engine a run gets."""

import shutil
import time
from pathlib import Path

from satchel.errors import ConfigError
from satchel.training.engines.base import Engine, Task
from satchel.training.support import fused_refusals

_COMPILED = 2.0  # seconds; kernels that are there are loaded in a tenth of one


def make_engine(task: Task) -> tuple[Engine, str]:
    """The engine that the settings ask for.

    Returns:
        The engine, and a sentence that says which it is and why.

    Raises:
        ConfigError: `engine: fused` with options that it does not support.
    """
    device = choose_device(task.training.device)
    refused = list(fused_refusals(task.model, task.training))
    if device.startswith("cuda") and "training.device" not in refused:
        refused.append("training.device")
    refusal = ", ".join(refused)
    wanted = task.training.engine
    if wanted == "fused" and refusal:
        raise ConfigError(
            f"training.engine: fused does not support the value of {refusal}: set training.engine "
            "to auto or torch"
        )
    if wanted != "torch" and not refusal:
        from satchel.training.engines.fused import FusedEngine

        begun = time.perf_counter()
        engine = FusedEngine(task)
        seconds = time.perf_counter() - begun
        compiled = (
            f"; its kernels took {seconds:.0f} s to compile, and are kept" if seconds > _COMPILED else ""
        )
        return engine, f"fused engine on the CPU, {task.threads} threads{compiled}"
    from satchel.training.engines.torch_engine import TorchEngine

    why = f": fused does not support the value of {refusal}" if wanted == "auto" else ""
    return TorchEngine(task, device), f"torch engine on {device}{why}"


def choose_device(device: str) -> str:
    """`auto` becomes `cuda` where torch finds a device, else `cpu`.

    Importing torch takes a second or more: it is asked only where there is a driver.
    """
    if device != "auto":
        return device
    if not Path("/proc/driver/nvidia").exists() and shutil.which("nvidia-smi") is None:
        return "cpu"
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"
