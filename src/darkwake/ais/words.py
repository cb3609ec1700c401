"""Eight bytes at a time: unaligned loads, and six-bit armour turned into bits (SWAR).

Every array given here needs 16 readable bytes behind the last one that counts.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from llvmlite import ir
from numba.extending import intrinsic

from darkwake.jit import kernel

_LANES = np.uint64(0x0101010101010101)
_HIGH = np.uint64(0x8080808080808080)
_ZEROS = np.uint64(0x3030303030303030)  # '0', the armour of six zero bits
_LAST = np.uint64(0x7777777777777777)  # 'w', the last armour character
_GAP = np.uint64(0x5858585858585858)  # 'X'…'_' are not armour characters
_GAP_MASK = np.uint64(0xF8F8F8F8F8F8F8F8)
_LF = np.uint64(0x0A0A0A0A0A0A0A0A)
_CR = np.uint64(0x0D0D0D0D0D0D0D0D)
_1, _4, _5, _6, _8, _2, _16, _32 = (np.uint64(n) for n in (1, 4, 5, 6, 8, 2, 16, 32))
_3 = np.uint64(3)
_63, _64 = np.uint64(63), np.uint64(64)
_ALL = np.uint64(0xFFFFFFFFFFFFFFFF)


@intrinsic
def load64(typingctx: Any, array: Any, index: Any) -> Any:
    """Little-endian 64-bit word at byte `index` of a uint8 array, at any alignment and without a bounds check."""
    signature = numba.uint64(array, numba.int64)

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        view = context.make_array(sig.args[0])(context, builder, args[0])
        pointer = builder.bitcast(builder.gep(view.data, [args[1]]), ir.IntType(64).as_pointer())
        return builder.load(pointer, align=1)

    return signature, codegen


@intrinsic
def store64(typingctx: Any, array: Any, index: Any, value: Any) -> Any:
    """Write a little-endian 64-bit word at byte `index` of a uint8 array, without a bounds check."""
    signature = numba.void(array, numba.int64, numba.uint64)

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        view = context.make_array(sig.args[0])(context, builder, args[0])
        pointer = builder.bitcast(builder.gep(view.data, [args[1]]), ir.IntType(64).as_pointer())
        builder.store(args[2], pointer, align=1)
        return context.get_dummy_value()

    return signature, codegen


@intrinsic
def swap64(typingctx: Any, value: Any) -> Any:
    """Reverse the bytes of a 64-bit word."""
    signature = numba.uint64(numba.uint64)

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return builder.bswap(args[0])

    return signature, codegen


@intrinsic
def trailing_zeros(typingctx: Any, value: Any) -> Any:
    """Number of zero bits below the lowest set bit; `value` must not be 0."""
    signature = numba.int64(numba.uint64)

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return builder.cttz(args[0], ir.Constant(ir.IntType(1), 1))

    return signature, codegen


@kernel
def find_line_end(buf: Any, start: int, end: int) -> int:
    """Index of the first CR or LF in [start, end), or `end`."""
    i = start
    while i < end:
        word = load64(buf, i)
        lf, cr = word ^ _LF, word ^ _CR
        hit = (((lf - _LANES) & ~lf) | ((cr - _LANES) & ~cr)) & _HIGH
        if hit != np.uint64(0):
            found = i + (trailing_zeros(hit) >> 3)
            return min(found, end)
        i += 8
    return end


@kernel
def xor_bytes(buf: Any, start: int, end: int) -> int:
    """XOR of the bytes in [start, end): the checksum of NMEA 0183."""
    total = np.uint64(0)
    i = start
    while i + 8 <= end:
        total ^= load64(buf, i)
        i += 8
    if i < end:
        total ^= load64(buf, i) & (_ALL >> (_64 - (np.uint64(end - i) << _3)))
    total ^= total >> _32
    total ^= total >> _16
    total ^= total >> _8
    return np.int64(total & np.uint64(0xFF))


@kernel
def unarmour(buf: Any, start: int, out: Any, at: int) -> int:
    """Write the bits of the armoured characters from `start` on to `out[at:]`; returns the first other byte's index.

    Armour is '0'…'W' and '`'…'w' (ITU-R M.1371 via IEC 61162-1); anything else ends it, so the byte behind the data
    must be something else. Writes up to 8 bytes more than it counts.
    """
    i, o = start, at
    while True:
        word = load64(buf, i)
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
        store64(out, o, swap64(six << _16))
        i += good
        if good < 8:
            return i
        o += 6


@kernel
def take_bits(packed: Any, base: int, start: int, length: int) -> int:
    """Unsigned field of up to 57 bits that begins `start` bits after byte `base`, most significant bit first."""
    word = swap64(load64(packed, base + (start >> 3)))
    return np.int64((word << np.uint64(start & 7)) >> np.uint64(64 - length))


@kernel
def take_signed(packed: Any, base: int, start: int, length: int) -> int:
    """Like `take_bits`, in two's complement."""
    word = swap64(load64(packed, base + (start >> 3)))
    return np.int64(word << np.uint64(start & 7)) >> (64 - length)
