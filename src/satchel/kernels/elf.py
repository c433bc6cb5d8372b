"""Object files -> functions in memory, without the help of LLVM, whose library takes 52 MB.

For what LLVM makes of kernels on x86-64 Linux: relocatable ELF files of the large code model, where every
reference is a full address, so that code may lie anywhere and nothing stands between it and what it calls.
Source: "System V Application Binary Interface", its AMD64 supplement, 4.4 (relocation) and ELF-64.
"""

import ctypes
import mmap
import struct
from typing import NamedTuple

_IDENTITY = b"\x7fELF\x02\x01\x01"  # 64 bits, little-endian, version 1
_RELOCATABLE, _X86_64 = 1, 62
_NO_BITS, _RELA, _UNWIND = (
    8,
    4,
    0x70000001,
)  # types of sections; kernels raise nothing: no tables to unwind by
_SYMBOLS = 2
_WRITE, _ALLOCATE = 1, 2  # flags of sections
_ABSOLUTE_64, _RELATIVE_64 = 1, 24  # types of relocations: R_X86_64_64, R_X86_64_PC64
_UNDEFINED, _RESERVED = 0, 0xFF00  # sections of symbols
_FILE_HEADER = struct.Struct("<16sHHIQQQIHHHHHH")
_SECTION = struct.Struct("<IIQQQQIIQQ")
_SYMBOL = struct.Struct("<IBBHQQ")
_RELOCATION = struct.Struct("<QQq")
_ADDRESS = struct.Struct("<Q")

_kept: list[mmap.mmap] = []  # code stays where it is to the end of the process


class UnfamiliarError(Exception):
    """An object file has what this module does not know."""


class _Section(NamedTuple):
    name: int
    type: int
    flags: int
    address: int
    offset: int
    size: int
    link: int
    info: int
    alignment: int
    entry_size: int

    @property
    def is_placed(self) -> bool:
        """Whether it is part of the program."""
        return bool(self.flags & _ALLOCATE) and self.type != _UNWIND and self.size > 0


def load(symbol: str, code: bytes) -> int:
    """Places an object file in memory, as code that may run and data that may be read.

    Args:
        symbol: a function's name.
        code: the file.

    Returns:
        The function's address.

    Raises:
        UnfamiliarError: the file is of another form than this module knows, or calls what is not there.
    """
    try:
        return _load(symbol.encode(), code)
    except (struct.error, IndexError, ValueError) as error:
        raise UnfamiliarError("damaged") from error


def _load(symbol: bytes, code: bytes) -> int:
    sections = _sections(code)
    places, writable, size = _arrange(sections)
    memory = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    base = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    for number, place in places.items():
        section = sections[number]
        if section.type != _NO_BITS:
            memory[place : place + section.size] = _content(section, code)
    (table,) = [section for section in sections if section.type == _SYMBOLS]
    names = _content(sections[table.link], code)
    addresses: list[int | None] = []
    entry = None
    for name, _, _, of, value, _ in _SYMBOL.iter_unpack(_content(table, code)):
        text = names[name : names.index(b"\0", name)]
        if of == _UNDEFINED:
            addresses.append(_of_process(text.decode()) if text else 0)
        elif of in places:
            addresses.append(base + places[of] + value)
        else:  # of a section that has no place, or of none: nobody may refer to it
            addresses.append(None)
        if text == symbol:
            entry = addresses[-1]
    for section in sections:
        if section.type == _RELA and section.info in places:
            _relocate(memory, base, places[section.info], _content(section, code), addresses)
    if entry is None:
        raise UnfamiliarError(f"no function {symbol.decode()}")
    _protect(base, writable)
    _kept.append(memory)
    return entry


def _sections(code: bytes) -> list[_Section]:
    """The sections of a file that is for this kind of machine."""
    identity, kind, machine, *_, offset, _, _, _, _, size, count, _ = _FILE_HEADER.unpack_from(code)
    if not identity.startswith(_IDENTITY) or (kind, machine, size) != (_RELOCATABLE, _X86_64, _SECTION.size):
        raise UnfamiliarError("not a relocatable file of x86-64")
    return [_Section(*_SECTION.unpack_from(code, offset + number * size)) for number in range(count)]


def _arrange(sections: list[_Section]) -> tuple[dict[int, int], int, int]:
    """Where sections go: those that are only read or run first, those that are written on pages behind them.

    Returns:
        The place of each by its number, where the second kind begins, and the bytes of all.
    """
    places = {}
    end = writable = 0
    for wanted in (0, _WRITE):
        end = writable = _aligned(end, mmap.PAGESIZE)
        for number, section in enumerate(sections):
            if section.is_placed and section.flags & _WRITE == wanted:
                end = _aligned(end, max(section.alignment, 1))
                places[number] = end
                end += section.size
    return places, writable, max(end, 1)


def _aligned(place: int, alignment: int) -> int:
    return -(-place // alignment) * alignment


def _content(section: _Section, code: bytes) -> bytes:
    if section.offset + section.size > len(code):
        raise UnfamiliarError("damaged")
    return code[section.offset : section.offset + section.size]


def _relocate(
    memory: mmap.mmap, base: int, place: int, relocations: bytes, addresses: list[int | None]
) -> None:
    """Writes the addresses that a section refers to."""
    for offset, information, addend in _RELOCATION.iter_unpack(relocations):
        address, kind = addresses[information >> 32], information & 0xFFFFFFFF
        if address is None or kind not in (_ABSOLUTE_64, _RELATIVE_64):
            raise UnfamiliarError(f"a relocation of type {kind}")
        start = base + place + offset if kind == _RELATIVE_64 else 0
        _ADDRESS.pack_into(memory, place + offset, (address + addend - start) % (1 << 64))


def _of_process(name: str) -> int:
    """The address of a function of the C library."""
    try:
        function = ctypes.CDLL(None)[name]
    except AttributeError as error:
        raise UnfamiliarError(f"no function {name} in this process") from error
    address = ctypes.cast(function, ctypes.c_void_p).value
    assert address is not None
    return address


def _protect(base: int, size: int) -> None:
    """Lets what has been written be run, and no longer be written."""
    address, length = ctypes.c_void_p(base), ctypes.c_size_t(size)
    if size and ctypes.CDLL(None, use_errno=True).mprotect(address, length, mmap.PROT_READ | mmap.PROT_EXEC):
        raise UnfamiliarError("code may not be run here")
