"""Memory by address, eight bytes at a time: loads and stores, and six-bit armour turned into bits (SWAR).

Kernels of this room take addresses (int64) and not arrays: one hands on dozens of columns, and numba's arrays cost
reference counting and long argument lists at each call. The owner of the memory (`decoder.Decoder`) keeps it alive.
Whatever is read or written here needs 16 more bytes behind the last one that counts.
"""
# ruff: noqa: ARG001 - the arguments of an intrinsic are numba's

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from llvmlite import ir  # type: ignore[import-untyped]
from numba.extending import intrinsic

from darkwake.jit import F, kernel

_LANES = np.uint64(0x0101010101010101)
_HIGH = np.uint64(0x8080808080808080)
_ZEROS = np.uint64(0x3030303030303030)  # '0', the armour of six zero bits
_LAST = np.uint64(0x7777777777777777)  # 'w', the last armour character
_GAP = np.uint64(0x5858585858585858)  # 'X'…'_' are not armour characters
_GAP_MASK = np.uint64(0xF8F8F8F8F8F8F8F8)
_LF = np.uint64(0x0A0A0A0A0A0A0A0A)
_UPPER = np.uint64(0xF0F0F0F0F0F0F0F0)
_COMMAS = np.uint64(0x2C2C2C2C2C2C2C2C)
_STARS = np.uint64(0x2A2A2A2A2A2A2A2A)
_BACKSLASHES = np.uint64(0x5C5C5C5C5C5C5C5C)
_BANGS = np.uint64(0x2121212121212121)
_CR = np.uint64(0x0D0D0D0D0D0D0D0D)
_1, _4, _5, _6, _8, _2, _16, _32 = (np.uint64(n) for n in (1, 4, 5, 6, 8, 2, 16, 32))
_3 = np.uint64(3)
_63, _64 = np.uint64(63), np.uint64(64)
_ALL = np.uint64(0xFFFFFFFFFFFFFFFF)


_TYPES = {"int": "int64", "float": "float64", "bool": "boolean", "None": "void"}


def kernel_of_scalars(function: F) -> F:
    """Compile a kernel whose arguments are all scalars, by its annotations.

    numba would otherwise compile a version of its own for every constant that a caller passes: five times the work. It
    is compiled when a caller first is; one whose callers are found compiled on disk is not even loaded.
    """
    *arguments, result = function.__annotations__.values()
    pair = result.removeprefix("tuple[").removesuffix("]").split(", ")
    returned = f"Tuple(({', '.join(_TYPES[kind] for kind in pair)}))" if len(pair) > 1 else _TYPES[result]
    signature = f"{returned}({', '.join(_TYPES[kind] for kind in arguments)})"
    dispatcher: Any = kernel(function)
    compile_for = dispatcher.compile
    dispatcher.compile = lambda _: compile_for(signature)
    found: F = dispatcher
    return found


def _load(bits: int, result: Any) -> Any:
    @intrinsic
    def load(typingctx: Any, address: Any) -> Any:
        def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
            pointer = builder.inttoptr(args[0], ir.IntType(bits).as_pointer())
            value = builder.load(pointer, align=1)
            return value if bits == 64 else builder.zext(value, ir.IntType(64))

        return result(numba.int64), codegen

    return load


def _store(kind: Any, given: Any) -> Any:
    @intrinsic
    def store(typingctx: Any, address: Any, value: Any) -> Any:
        def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
            value = args[1]
            if isinstance(kind, ir.IntType) and kind.width < 64:
                value = builder.trunc(value, kind)
            elif isinstance(kind, ir.FloatType):
                value = builder.fptrunc(value, kind)
            builder.store(value, builder.inttoptr(args[0], kind.as_pointer()), align=1)
            return context.get_dummy_value()

        return numba.void(numba.int64, given), codegen

    return store


#: Read at an address (any alignment): a byte, a 64-bit word (unsigned, little-endian), a signed word.
byte = _load(8, numba.int64)
load64 = _load(64, numba.uint64)
load_word = _load(64, numba.int64)
#: Write at an address.
store8 = _store(ir.IntType(8), numba.int64)
store16 = _store(ir.IntType(16), numba.int64)
store32 = _store(ir.IntType(32), numba.int64)
store_word = _store(ir.IntType(64), numba.int64)
store64 = _store(ir.IntType(64), numba.uint64)
store_f32 = _store(ir.FloatType(), numba.float64)
store_f64 = _store(ir.DoubleType(), numba.float64)


@intrinsic
def signed(typingctx: Any, value: Any) -> Any:
    """The same 64 bits as a signed number."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return args[0]

    return numba.int64(numba.uint64), codegen


@intrinsic
def swap64(typingctx: Any, value: Any) -> Any:
    """Reverse the bytes of a 64-bit word."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return builder.bswap(args[0])

    return numba.uint64(numba.uint64), codegen


@intrinsic
def trailing_zeros(typingctx: Any, value: Any) -> Any:
    """Number of zero bits below the lowest set bit; `value` must not be 0."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return builder.cttz(args[0], ir.Constant(ir.IntType(1), 1))

    return numba.int64(numba.uint64), codegen


@kernel_of_scalars
def get(record: int, k: int) -> int:
    """Word `k` of the record at an address."""
    return load_word(record + 8 * k)


@kernel_of_scalars
def put(record: int, k: int, value: int) -> None:
    """Set word `k` of the record at an address."""
    store_word(record + 8 * k, value)


@kernel_of_scalars
def find_delimiter(start: int, end: int) -> int:
    """Address of the first `,` `*` `\\` or `!` in [start, end), or `end`: what ends a field of a tag block."""
    i = start
    while i < end:
        word = load64(i)
        comma, star, slash, bang = word ^ _COMMAS, word ^ _STARS, word ^ _BACKSLASHES, word ^ _BANGS
        hit = ((comma - _LANES) & ~comma) | ((star - _LANES) & ~star)
        hit = (hit | ((slash - _LANES) & ~slash) | ((bang - _LANES) & ~bang)) & _HIGH
        if hit != np.uint64(0):
            return min(i + (trailing_zeros(hit) >> 3), end)
        i += 8
    return end


@kernel_of_scalars
def eight_digits(at: int) -> int:
    """The number in the eight decimal digits at an address, −1 if there is anything else."""
    word = load64(at)
    if (word & _UPPER) != _ZEROS or ((word + np.uint64(0x0606060606060606)) & _UPPER) != _ZEROS:
        return -1
    word = ((word & np.uint64(0x0F0F0F0F0F0F0F0F)) * np.uint64(2561)) >> _8
    word = ((word & np.uint64(0x00FF00FF00FF00FF)) * np.uint64(6553601)) >> _16
    return signed(((word & np.uint64(0x0000FFFF0000FFFF)) * np.uint64(42949672960001)) >> _32)


@kernel_of_scalars
def is_printable(word: int) -> bool:
    """Whether the eight bytes of a word are printable ASCII and no blanks."""
    w = np.uint64(word)
    return (w | (w - np.uint64(0x2121212121212121)) | (w + _LANES)) & _HIGH == np.uint64(0)


@kernel_of_scalars
def find_line_end(start: int, end: int) -> int:
    """Address of the first CR or LF in [start, end), or `end`."""
    i = start
    while i < end:
        word = load64(i)
        lf, cr = word ^ _LF, word ^ _CR
        hit = (((lf - _LANES) & ~lf) | ((cr - _LANES) & ~cr)) & _HIGH
        if hit != np.uint64(0):
            found = i + (trailing_zeros(hit) >> 3)
            return min(found, end)
        i += 8
    return end


@kernel_of_scalars
def xor_bytes(start: int, end: int) -> int:
    """XOR of the bytes in [start, end): the checksum of NMEA 0183."""
    total = np.uint64(0)
    i = start
    while i + 8 <= end:
        total ^= load64(i)
        i += 8
    if i < end:
        total ^= load64(i) & (_ALL >> (_64 - (np.uint64(end - i) << _3)))
    total ^= total >> _32
    total ^= total >> _16
    total ^= total >> _8
    return signed(total & np.uint64(0xFF))


@kernel_of_scalars
def unarmour(start: int, at: int) -> int:
    """Write the bits of the armoured characters from `start` on to `at`; returns the first other byte's address.

    Armour is '0'…'W' and '`'…'w' (ITU-R M.1371 via IEC 61162-1); anything else ends it, so the byte behind the data
    must be something else. Writes up to 8 bytes more than it counts.
    """
    i, o = start, at
    while True:
        word = load64(i)
        gap = (word & _GAP_MASK) ^ _GAP
        bad = ((word - _ZEROS) | (_LAST - word) | word | ((gap - _LANES) & ~gap)) & _HIGH
        good = 8
        if bad != np.uint64(0):
            good = trailing_zeros(bad) >> 3
            if good == 0:
                return i
            keep = _ALL >> (_64 - (np.uint64(good) << _3))
            word = (word & keep) | (_ZEROS & ~keep)
        upper = (word >> _6) & (word >> _5) & _LANES  # 1 for '`'…'w'
        six = swap64(word - _ZEROS - (upper << _3))
        six = ((six >> _2) & np.uint64(0x0FC00FC00FC00FC0)) | (six & np.uint64(0x003F003F003F003F))
        six = ((six >> _4) & np.uint64(0x00FFF00000FFF000)) | (six & np.uint64(0x00000FFF00000FFF))
        six = ((six >> _8) & np.uint64(0x0000FFFFFF000000)) | (six & np.uint64(0x0000000000FFFFFF))
        store64(o, swap64(six << _16))
        i += good
        if good < 8:
            return i
        o += 6


@kernel_of_scalars
def take_bits(base: int, start: int, length: int) -> int:
    """Unsigned field of up to 57 bits that begins `start` bits after the address `base`, most significant bit first."""
    word = swap64(load64(base + (start >> 3)))
    return signed((word << np.uint64(start & 7)) >> np.uint64(64 - length))


@kernel_of_scalars
def take_signed(base: int, start: int, length: int) -> int:
    """Like `take_bits`, in two's complement."""
    word = swap64(load64(base + (start >> 3)))
    return signed(word << np.uint64(start & 7)) >> (64 - length)
