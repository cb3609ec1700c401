"""Radio sentences to typed reports: framing, tag blocks, checksums, payload kernels. No vessels, no events here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from darkwake.ais.decoder import Batch, decode, stream

__all__ = ["Batch", "decode", "stream"]


def __getattr__(name: str) -> Any:
    if name in __all__:  # the decoder loads numba: only when it is used
        from darkwake.ais import decoder

        return getattr(decoder, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
