"""Every error a user can cause.

    SatchelError
    ├── ConfigError          the YAML file, a --set or a command-line option     exit code 2
    ├── DataError            a data file: missing, empty, unreadable, unlabelled  exit code 1
    ├── ModelFileError       not a model file, truncated, a newer version         exit code 1
    ├── CheckpointError      a checkpoint that cannot be continued from           exit code 1
    ├── RunFolderError       an output that exists or cannot be written           exit code 1
    ├── DivergedError        training whose loss is not finite, or exploded       exit code 1
    ├── StoppedError         training that was asked to stop, and saved           exit code 130
    └── MissingExtraError    an optional library that is not installed            exit code 1

A message says what is wrong, where (file and line, or key), and what to do. The commands print it
and exit; anything that is not a SatchelError is a bug and keeps its traceback.
"""


class SatchelError(Exception):
    """A problem the user can solve; `exit_code` is what the command ends with."""

    exit_code = 1


class ConfigError(SatchelError):
    """A problem with the config or the command line."""

    exit_code = 2


class DataError(SatchelError):
    """A problem with a data file."""


class ModelFileError(SatchelError):
    """A problem with a model file."""


class CheckpointError(SatchelError):
    """A problem with a checkpoint."""


class RunFolderError(SatchelError):
    """A problem with the folder or file that results go to."""


class DivergedError(SatchelError):
    """Training went to infinity or NaN."""


class StoppedError(SatchelError):
    """Training was asked to stop: what was reached is saved, and it can be resumed."""

    exit_code = 130


class MissingExtraError(SatchelError):
    """An optional dependency is needed and not installed."""
