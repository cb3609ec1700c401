"""What was looked for, in sentences: what a bound rests on, and what keeps it from being one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from darkwake import times
from darkwake.answers import words
from darkwake.answers.query import Where
from darkwake.detectors import registry
from darkwake.detectors.coverage import Coverage, Missing, Stretch

_TOLD = 4  # stretches that were not looked at, before the rest is only numbered


def not_looked(kinds: Sequence[str], coverage: Mapping[str, Coverage]) -> list[str]:
    """What was not looked for, with the command to run; empty if all was."""
    told = []
    for kind in kinds:
        known = coverage.get(kind)
        if known is None:
            text = f"This data was not looked through for {words.noun(kind, 2)}"
            command = f" Look with: darkwake event detect {kind}" if kind in registry.names() else ""
            told.append(f"{text}: more of them may be found, and there is no upper bound.{command}")
            continue
        for missing in known.missing[:_TOLD]:
            # a sentence that begins with the name of a kind keeps it as it is
            named = missing.text.startswith(kind)
            text = missing.text if named else missing.text[:1].upper() + missing.text[1:]
            when = words.period(missing.start, missing.end)
            told.append(f"{text} ({when}): there is no upper bound. Look with: {_command(known, missing)}")
        if len(known.missing) > _TOLD:
            told.append(f"{len(known.missing) - _TOLD} more stretches of time were not looked through.")
    return told


def _command(known: Coverage, missing: Missing) -> str:
    parts = ["darkwake event detect", known.kind]
    if missing.start is not None:
        parts.append(f"--since {times.iso(missing.start)}")
    if missing.end is not None:
        parts.append(f"--until {times.iso(missing.end)}")
    return " ".join([*parts, f"--profile {known.profile}"] if known.profile != "default" else parts)


def looked(known: Coverage, where: str, feeds: Sequence[tuple[int, int]] = ()) -> str:
    """One sentence: which kind was looked for, by what, in which runs, when and where.

    `where`: of whom and where, in words. `feeds`: the periods [start, end) of which there is data, µs.
    """
    what = words.noun(known.kind, 2)
    if not known.stretches:
        return f"Nothing was looked through for {what} {words.period(known.since, known.until)}, {where}."
    methods = dict.fromkeys(_method(stretch) for stretch in known.stretches)
    runs = ", ".join(map(str, known.runs))
    of_data = f", over data of {periods(feeds)}" if feeds else ""
    whole = "" if known.complete else ", with parts left out (told below the verdict)"
    return (
        f"Looked for {what} {where}, {words.period(known.since, known.until)}{whole}: {'; '.join(methods)}, in "
        f"run{'s' if len(known.runs) > 1 else ''} {runs} of the ledger{of_data}."
    )


def looked_at(of: Where, where: str, known: Coverage | None, feeds: Sequence[tuple[int, int]] = ()) -> str:
    """One sentence: whose positions the tracks tell, where and when, and up to which import.

    `where`: in words. `known`: what the tracks take account of, if that is known. `feeds` as for `looked`.
    """
    stretches, missing = ((), ()) if known is None else (known.stretches, known.missing)
    built = "".join(f", built by entry {s.run} from the imports up to entry {s.data}" for s in stretches)
    of_data = f", over data of {periods(feeds)}" if feeds else ""
    late = "".join(f"; {each.text}" for each in missing)
    return (
        f"Looked for positions of {words.vessel(of)} {where}, {words.period(of.since, of.until)}, in its tracks as of "
        f"this ledger number{built}{of_data}{late}."
    )


def _method(stretch: Stretch) -> str:
    """`port_call 1.1, profile default, with its usual parameters` or with those that are not."""
    method = stretch.method
    kind = str(method.get("name", ""))
    usual = {param.name: param.default for param in registry.get(kind).params} if kind in registry.names() else {}
    given = {name: value for name, value in (method.get("params") or {}).items() if usual.get(name) != value}
    told = ", ".join(f"{name} = {value:g}" for name, value in given.items())
    params = f"with {told}" if given else "with its usual parameters"
    return f"method {kind} {method.get('version', '')}, profile {method.get('profile', 'default')}, {params}"


def periods(feeds: Sequence[tuple[int, int]]) -> str:
    """`2019-02-01 to 2019-03-01 and …`: the periods of which there is data."""
    told = [f"{words.moment(start)} to {words.moment(end)}" for start, end in feeds]
    return " and ".join(told) if len(told) < 3 else ", ".join(told[:-1]) + " and " + told[-1]
