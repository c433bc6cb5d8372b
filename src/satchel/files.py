"""Writing files so that a name never stands for half of one."""

import ctypes
import errno
import json
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

from satchel.c_library import c_function
from satchel.errors import RunFolderError

_WRITE = 2  # SYNC_FILE_RANGE_WRITE of <fcntl.h>
UNFINISHED = ".part"  # what the name of a file ends with that is not complete


class Replacement:
    """A file beside the one whose place it is to take: written first, and put there by `commit`.

    It is a sibling (a rename is atomic only within a file system), flushed to the disk before it is
    renamed. A link goes on leading to the file; a device or a pipe, where there is nothing to replace, is
    written to.

    Attributes:
        path: what to write to.
    """

    def __init__(self, place: Path) -> None:
        """Makes the file, empty.

        Raises:
            RunFolderError: the folder cannot be written to.
        """
        self.path = self._place = place
        self._target: Path | None = None
        try:
            if place.exists() and not place.is_file() and not place.is_dir():
                return
            self._target = target = _target(place)
            self.path = target.with_name(f".{target.name}.{os.getpid()}{UNFINISHED}")
            target.parent.mkdir(parents=True, exist_ok=True)
            self.path.touch()
            self._mode = self.path.stat().st_mode  # what the user's umask gives; writers may give less
        except OSError as error:
            raise _problem(place, error) from error

    def commit(self) -> None:
        """Puts the file in its place.

        Raises:
            RunFolderError: the folder cannot be written to, or the disk is full.
        """
        if self._target is None:
            return
        try:
            self.path.chmod(self._mode)
            with self.path.open("rb+") as file:
                os.fsync(file.fileno())
            self.path.replace(self._target)
            _flush_folder(self._target.parent)
        except OSError as error:
            raise _problem(self._place, error) from error
        finally:
            self.discard()

    def discard(self) -> None:
        """Removes the file, if it is not in its place; the old one stays."""
        if self._target is not None:
            with suppress(OSError):
                self.path.unlink(missing_ok=True)


@contextmanager
def writing_aside(path: Path) -> Iterator[Replacement]:
    """A file that may take the place of `path` later; removed where writing it goes wrong.

    Raises:
        RunFolderError: the folder cannot be written to, or the disk is full.
    """
    replacement = Replacement(path)
    try:
        yield replacement
    except BaseException as error:
        replacement.discard()
        if isinstance(error, OSError):
            raise _problem(path, error) from error
        raise


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A path to write to; when the context ends well, what is there takes the place of `path`.

    Raises:
        RunFolderError: the folder cannot be written to, or the disk is full.
    """
    with writing_aside(path) as replacement:
        yield replacement.path
    replacement.commit()


class Growing:
    """A file that is not complete yet, and what it is of.

    Attributes:
        file: what is there, open at its end; no other process writes to it.
        kept: whether it stays for another process to go on with, should it not become complete.
    """

    def __init__(self, file: BinaryIO, state: Path) -> None:
        self.file = file
        self.kept = False
        self._state = state

    def state(self) -> str | None:
        """What was said of it when it was begun, or None.

        Raises:
            ValueError: it is not text.
        """
        return self._state.read_text(encoding="utf-8") if self._state.exists() else None

    def begin(self, state: str | None) -> None:
        """Empties it, and keeps what is said of it beside it: on the disk before there is anything else."""
        self.cut(0)
        self._state.unlink(missing_ok=True)
        if state is not None:
            with self._state.open("w", encoding="utf-8") as file:
                file.write(state)
                file.flush()
                os.fsync(file.fileno())

    def cut(self, size: int) -> None:
        """Takes away what is beyond so many bytes."""
        self.file.truncate(size)

    @property
    def size(self) -> int:
        """Its bytes on the disk."""
        return os.fstat(self.file.fileno()).st_size


@contextmanager
def growing(path: Path) -> Iterator[Growing]:
    """A file that takes the place of `path` when the context ends well, and grows under a known name.

    Until then it is beside it: `.labelled.jsonl.part` for `labelled.jsonl`, and what it is of in
    `.labelled.jsonl.state.part`. A process that is killed leaves both; one that fails, where it is `kept`.

    Raises:
        RunFolderError: another process writes it, the folder cannot be written to, or the disk is full.
    """
    try:
        target = _target(path)
        part = target.with_name(f".{target.name}{UNFINISHED}")
        state = target.with_name(f".{target.name}.state{UNFINISHED}")
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        file = lock(part)
        if file is None:
            raise RunFolderError(
                f"{path}: another process is writing it: wait for it, or choose another place"
            )
        grown = Growing(file, state)
        try:
            yield grown
            file.flush()
            os.fsync(file.fileno())
            if os.name != "posix":
                file.close()  # Windows renames no open file; elsewhere the lock is held until it is renamed
            part.replace(target)
            state.unlink(missing_ok=True)
        except BaseException:
            with suppress(OSError):
                file.close()
            if not grown.kept:
                part.unlink(missing_ok=True)
                state.unlink(missing_ok=True)
            raise
        finally:
            file.close()
        _flush_folder(target.parent)
    except OSError as error:
        raise _problem(path, error) from error


def _target(path: Path) -> Path:
    """Where a path leads.

    Raises:
        OSError: to nowhere, as links in a circle do.
    """
    target = Path(os.path.realpath(path))
    if target.is_symlink():
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
    return target


def _problem(path: Path, error: OSError) -> RunFolderError:
    return RunFolderError(
        f"{path}: cannot be written ({error.strerror or error}): free some space, or choose another place"
    )


def _flush_folder(folder: Path) -> None:
    """Makes a rename in the folder outlast a power cut; Windows neither needs nor allows it."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def begin_to_flush(file: BinaryIO) -> None:
    """Has the system put what was written to a file on the disk, without waiting for it.

    Left alone, Linux begins with that after seconds, and who flushes the file then waits for all of it.
    """
    begin = c_function("sync_file_range")
    if begin is not None:
        begin(file.fileno(), ctypes.c_int64(0), ctypes.c_int64(0), _WRITE)


def folder_in_the_way(path: Path) -> Path | None:
    """The folder in which `path` is, or would be made, where that cannot be written to."""
    parent = next(folder for folder in (path, *path.absolute().parents) if folder.is_dir())
    return None if os.access(parent, os.W_OK) else parent


def write_text(path: Path, text: str) -> None:
    """Writes a text file, UTF-8, all or nothing."""
    with replacing(path) as temporary:
        # What is not UTF-8 in a file's name is shown as JSON would.
        temporary.write_text(text, encoding="utf-8", errors="backslashreplace", newline="\n")


def write_json(path: Path, content: Any) -> None:
    """Writes JSON for programs and people, all or nothing: indented, but a list of numbers on one line."""
    text = json.dumps(content, indent=2, ensure_ascii=False)
    # Line breaks stand only between values: within strings, JSON escapes them.
    text = re.sub(r"\[\n[-+.\deE,\s]+\]", lambda found: "[" + " ".join(found[0][1:-1].split()) + "]", text)
    write_text(path, text + "\n")


def lock(path: Path) -> BinaryIO | None:
    """Makes a file, if there is none, and holds its lock as long as what is returned stays open.

    The system gives the lock back when the process ends, however it ends.

    Returns:
        The open file, or None where another process holds the lock.

    Raises:
        OSError: the file cannot be made.
    """
    while True:
        file = path.open("ab")
        try:
            _take(file)
        except BlockingIOError:
            file.close()
            return None
        except OSError:
            file.close()
            raise
        # Between opening and locking, the process that had the lock may have removed the file.
        if path.exists() and os.path.samestat(path.stat(), os.fstat(file.fileno())):
            return file
        file.close()


if sys.platform == "win32":

    def _take(file: BinaryIO) -> None:
        import msvcrt

        file.seek(0)
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except PermissionError as error:
            raise BlockingIOError from error

else:

    def _take(file: BinaryIO) -> None:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
