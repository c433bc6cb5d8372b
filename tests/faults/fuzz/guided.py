"""The coverage-guided fuzzer: python -m tests.faults.fuzz.guided TARGET [options of libFuzzer]

Needs `pip install satchel[fuzz]`. For example `... guided reader -runs=100000`; a folder as an argument keeps
the corpus that it builds.
"""

import importlib
import pkgutil
import sys
import tempfile
from pathlib import Path

import atheris

from satchel import kernels

# First, and so left as they are: numba compiles no code that counts its steps.
for module in pkgutil.iter_modules(kernels.__path__, "satchel.kernels."):
    importlib.import_module(module.name)
with atheris.instrument_imports(include=["satchel", "yaml"]):
    from tests.faults.fuzz.targets import TARGETS, TOKENS, seeds


def main() -> None:
    """Reads the command line, and does not return."""
    name, *options = sys.argv[1:]
    folder = Path(tempfile.mkdtemp(prefix="guided-"))
    for number, data in enumerate(seeds(name)):
        (folder / str(number)).write_bytes(data)
    words = folder.with_suffix(".dict")
    escaped = ["".join(map("\\x{:02x}".format, token)) for token in TOKENS]
    words.write_text("".join(f'"{token}"\n' for token in escaped))
    given = [option for option in options if not option.startswith("-")]
    flags = [option for option in options if option.startswith("-")]
    atheris.Setup([sys.argv[0], *given, str(folder), f"-dict={words}", *flags], TARGETS[name])
    atheris.Fuzz()


if __name__ == "__main__":
    main()
