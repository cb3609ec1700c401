"""The exception tree. A message says what was found, what was expected, where, and what to do.

DarkwakeError                 exit 1
├── UsageError                exit 2   the request itself is wrong
├── NotFoundError             exit 3   nothing has this name
│   └── AmbiguousError        exit 3   several things have it; candidates are listed
├── InputRejectedError        exit 4   this input cannot be read as what it was said to be
├── SourceUnavailableError    exit 5   a file, feed or optional package is not there
└── VerificationError         exit 6   bytes, hashes or signatures do not agree

A reader that can go on past a bad item counts it as a reject instead of raising.
"""

from __future__ import annotations

from collections.abc import Sequence


class DarkwakeError(Exception):
    """Base of every error that Darkwake raises on purpose; by itself, for example a place that cannot be written."""

    exit_code = 1

    def __init__(self, found: str, *, expected: str = "", where: str = "", do: str = "") -> None:
        self.found, self.expected, self.where, self.do = found, expected, where, do
        super().__init__(self.message())

    def message(self, do: str | None = None) -> str:
        """The whole in one text; with `do` instead of what to do."""
        parts = [self.found]
        if self.expected:
            parts.append(f"expected {self.expected}")
        if self.where:
            parts.append(f"in {self.where}")
        text = "; ".join(parts)
        do = self.do if do is None else do
        return f"{text}. {do}" if do else text

    def at(self, where: str) -> DarkwakeError:
        """The same error, in a place unless it names one itself."""
        return _rebuild(type(self), {**self.__dict__, "where": self.where or where})

    def __reduce__(self) -> tuple[object, ...]:
        return (_rebuild, (type(self), self.__dict__.copy()))


def _rebuild(cls: type[DarkwakeError], state: dict[str, object]) -> DarkwakeError:
    error = cls.__new__(cls)
    error.__dict__.update(state)
    Exception.__init__(error, error.message())
    return error


class UsageError(DarkwakeError):
    """The request is wrong, for example `--since` after `--until`."""

    exit_code = 2


class NotFoundError(DarkwakeError):
    """Nothing has the name or reference that was given."""

    exit_code = 3


class AmbiguousError(NotFoundError):
    """Several things answer to the name that was given; `candidates` lists them."""

    def __init__(self, found: str, candidates: Sequence[str], *, do: str = "Use one of these.") -> None:
        self.candidates = tuple(candidates)
        super().__init__(f"{found}: {', '.join(self.candidates)}", do=do)


class InputRejectedError(DarkwakeError):
    """A whole input cannot be read as what it was said to be; nothing of it was stored."""

    exit_code = 4


class SourceUnavailableError(DarkwakeError):
    """A file, a feed or an optional package is missing or cannot be opened."""

    exit_code = 5


class VerificationError(DarkwakeError):
    """Bytes do not have the hash that was recorded for them."""

    exit_code = 6
