"""Bring the derived tables (tracks, statics, heard, segments) up to the imports: one ledger entry of kind `tracks`.

What new reports of a vessel change is worked out from her last safe break (`increment`); what that cannot tell, and
what a withdrawal took away, from all of her reports. Either way the tables are those of a build from all reports, in
whatever order these came, and only files whose rows change are written again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from darkwake import times
from darkwake.lake import keeping, partitions
from darkwake.lake.partitions import HeldRows
from darkwake.lake.schema import BUCKETS, REPORTS, bucket_of
from darkwake.lake.shuffle import Shuffle
from darkwake.lake.store import Lake, Writer, again
from darkwake.lake.tables import DataFile
from darkwake.ledger.details import Import, Tracks, Withdrawal
from darkwake.ledger.entries import Entry
from darkwake.tracks.build import REPORT_COLUMNS, build, taking_part, weeks
from darkwake.tracks.columns import Ints, instants, ints
from darkwake.tracks.increment import NEVER_US, GoingOn, News, Stood, extend, read_since
from darkwake.tracks.segments import VERSION, NearestHull
from darkwake.tracks.statics import ALIVE_US, vendors_of

Progress = Callable[[str, int, int], None]  # (what, done, in all)
#: A safe break is looked for among the tracks of so long before what is new.
LOOK_BACK_US = 2 * times.DAY_US
_REPORTS = pa.schema([REPORTS.field(name) for name in REPORT_COLUMNS])


def pending(lake: Lake, up_to: int | None = None) -> list[Entry]:
    """Committed imports and withdrawals that the tracks do not take account of yet."""
    return lake.ledger.entries(("import", "withdrawal"), up_to, after=_done(lake, up_to))


def _last(lake: Lake, up_to: int | None) -> Tracks | None:
    builds = lake.ledger.entries("tracks", up_to)
    return builds[-1].detail if builds and isinstance(builds[-1].detail, Tracks) else None


def _done(lake: Lake, up_to: int | None) -> int:
    """Up to which entry the tracks take account of imports."""
    last = _last(lake, up_to)
    return 0 if last is None else last.imports_up_to


def _outdated(lake: Lake, method: Mapping[str, object], up_to: int | None = None) -> bool:
    """Whether the tracks were built by another method: then all of them are built anew."""
    last = _last(lake, up_to)
    return last is not None and dict(last.method) != method


def update(lake: Lake, hulls: NearestHull | None = None, progress: Progress | None = None) -> Entry | None:
    """Build what is missing; None if nothing was."""
    return again(lambda: _update(lake, hulls or NearestHull(), progress))


def _update(lake: Lake, hulls: NearestHull, progress: Progress | None) -> Entry | None:
    method = {"segmenter": type(hulls).__name__, "version": VERSION, **hulls.params()}
    if not pending(lake) and not _outdated(lake, method):
        return None
    with lake.write() as writer:
        new = pending(lake, writer.base.number)
        if not new and not _outdated(lake, method, writer.base.number):
            return None  # another build was faster
        counts = _Build(lake, writer, new, hulls, method, progress).run()
        detail = Tracks(
            imports_up_to=max((entry.number for entry in new), default=_done(lake, writer.base.number)),
            method=method,
            bytes_written=writer.written_bytes(),
            **counts,
        )
        entry = writer.commit("tracks", detail, moved=lambda news: any(entry.kind == "tracks" for entry in news))
    keeping.sweep(lake.root, lake.ledger.engine, lake.pinned)
    return entry


@dataclass(frozen=True)
class _Known:
    """Vessels of a bucket of which something new came, from when on their stored reports are read again, and their
    tracks looked at. `whole`: those that are built from all their reports.
    """

    bucket: int
    news: News
    read_us: Ints
    tracks_us: int
    whole: Ints


class _Build:
    def __init__(
        self, lake: Lake, writer: Writer, new: Sequence[Entry], hulls: NearestHull, method: dict[str, object],
        progress: Progress | None,
    ) -> None:  # fmt: skip
        self.lake, self.writer, self.hulls, self.progress = lake, writer, hulls, progress
        self.same_method = not _outdated(lake, method, writer.base.number)
        self.new = {str(entry.number) for entry in new if isinstance(entry.detail, Import)}
        self.withdrawn = [entry.detail.withdrawn for entry in new if isinstance(entry.detail, Withdrawal)]
        self.counts = {"buckets": 0, "partitions_written": 0, "partitions_unchanged": 0}

    def run(self) -> dict[str, int]:
        """Work out and put down what changes; how many buckets and partitions that was."""
        files = self.writer.base.data_files("reports")
        taken = self._taken_away()
        with Shuffle(_REPORTS, BUCKETS) as piles, ThreadPoolExecutor(2, thread_name_prefix="darkwake-tracks") as pool:
            self._deal(piles, [file for file in files if file.partition["import"] in self.new])
            known = [each for each in pool.map(lambda b: self._look(b, piles.take(b), taken), range(BUCKETS)) if each]
            self._deal_again(piles, known, [file for file in files if file.partition["import"] not in self.new])
            left = self._each(pool, lambda each: self._bucket(each, piles.take(each.bucket), None), known)
            while left:
                with Shuffle(_REPORTS, BUCKETS) as whole:
                    self._deal(whole, files, np.sort(np.concatenate([each.whole for each in left])))
                    left = self._each(pool, partial(self._once_more, piles, whole), left)
        return self.counts

    def _each(
        self, pool: ThreadPoolExecutor, work: Callable[[_Known], _Known | None], known: Sequence[_Known]
    ) -> list[_Known]:
        futures = [pool.submit(work, each) for each in known]
        found = []
        for number, future in enumerate(futures, 1):
            found.append(future.result())
            if self.progress:
                self.progress("tracks", number, len(known))
        return [each for each in found if each is not None]

    def _once_more(self, piles: Shuffle, whole: Shuffle, known: _Known) -> _Known | None:
        return self._bucket(known, piles.take(known.bucket), whole.take(known.bucket))

    def _taken_away(self) -> Ints:
        """Vessels of which a withdrawal took reports away; all, if the method is another one."""
        found = [_NONE]
        if not self.same_method:
            for table in ("reports", "statics", "heard", "segments"):
                found.append(ints(pc.unique(self.writer.base.scan(table, ["mmsi"])["mmsi"].drop_null())))
        for number in self.withdrawn:
            reports = self.lake.snapshot(number).scan(
                "reports", ["mmsi"], **{"import": number}
            )  # where it still stands
            found.append(ints(reports["mmsi"].drop_null()))
        return np.unique(np.concatenate(found))

    def _deal(
        self, piles: Shuffle, files: Sequence[DataFile], mmsis: Ints | None = None, since_us: Ints | None = None
    ) -> None:
        """Deal reports out by bucket: all, or those of some MMSIs (sorted), or of each from a time on."""
        where = None
        if since_us is not None and since_us.min() > NEVER_US:
            where = pc.field("time") >= pa.scalar(int(since_us.min()), REPORTS.field("time").type)
        read = 0
        total = sum(file.rows for file in files)
        for batch in self.writer.base.batches("reports", files, REPORT_COLUMNS, where) if files else ():
            rows = pa.Table.from_batches([batch])
            rows = rows.filter(pc.is_valid(rows["mmsi"]))
            if mmsis is not None:
                rows = rows.filter(pa.array(_wanted(rows, mmsis, since_us)))
            piles.add(rows.cast(piles.schema), bucket_of(rows["mmsi"].to_numpy()))
            read += batch.num_rows
            if self.progress:
                self.progress("reports", min(read, total), total)

    def _look(self, bucket: int, reports: pa.Table, taken: Ints) -> _Known | None:
        """What of a bucket is new, and how far back one has to look for it."""
        news = News.of(reports, bucket)
        taken = taken[bucket_of(taken) == bucket]
        if not len(news.mmsi) and not len(taken):
            return None
        if not self.same_method:
            return _Known(bucket, news.without(news.mmsi), _NONE, 0, np.union1d(news.mmsi, taken))
        news = news.without(taken)
        statics, segments = (self._rows(table, bucket, news.mmsi).table for table in ("statics", "segments"))
        vendors = vendors_of(reports.filter(pa.array(taking_part(reports, bucket))))
        whose = news.number(ints(segments["mmsi"]))
        begun = instants(segments["start"]) < news.cut_us[whose]
        ends = np.full(len(news.mmsi), NEVER_US)  # where the tracks of each end before what is new
        np.maximum.at(ends, whose[begun], np.minimum(instants(segments["end"]), news.cut_us[whose])[begun])
        look = np.where(ends > NEVER_US, ends, news.cut_us) - LOOK_BACK_US
        look = np.minimum(look, GoingOn.of(news, statics, vendors).since_us - ALIVE_US)
        return _Known(bucket, news, read_since(news), int(look.min(initial=_FAR_US)), taken)

    def _deal_again(self, piles: Shuffle, known: Sequence[_Known], files: Sequence[DataFile]) -> None:
        """Deal out what is read again of reports that were there before, of imports that reach so far."""
        mmsis = np.concatenate([_NONE, *(each.news.mmsi for each in known)])
        since = np.concatenate([_NONE, *(each.read_us for each in known)])
        if not len(mmsis):
            return
        ends = {
            str(entry.number): entry.detail.end
            for entry in self.lake.ledger.entries("import", self.writer.base.number)
            if isinstance(entry.detail, Import)
        }
        reach = [file for file in files if (end := ends.get(file.partition["import"])) is None or end >= since.min()]
        order = np.argsort(mmsis)
        self._deal(piles, reach, mmsis[order], since[order])

    def _rows(self, table: str, bucket: int, mmsis: Ints, since_us: int = NEVER_US) -> HeldRows:
        files = self.writer.base.data_files(table, bucket=bucket)
        if since_us == NEVER_US:
            return HeldRows.read(self.writer.base, table, files, mmsis)
        monday = str(weeks(np.array([since_us]))[0])
        return HeldRows.read(
            self.writer.base, table, [file for file in files if file.partition["week"] >= monday], mmsis, since_us
        )

    def _bucket(self, known: _Known, reports: pa.Table, all_reports: pa.Table | None) -> _Known | None:
        """Put down what changes in a bucket; if vessels have to be built whole and `all_reports` are not here, nothing,
        and they are told.
        """
        bucket = known.bucket
        touched = np.union1d(known.news.mmsi, known.whole)
        since_us = NEVER_US if len(known.whole) else known.tracks_us
        statics, heard, segments = (self._rows(table, bucket, touched) for table in ("statics", "heard", "segments"))
        tracks = self._rows("tracks", bucket, touched, since_us)
        held = {"tracks": tracks, "statics": statics, "heard": heard, "segments": segments}
        # Of vessels of which nothing stands the new reports are all there are.
        there = np.unique(np.concatenate([ints(held[name].table["mmsi"]) for name in ("statics", "heard", "segments")]))
        fresh = np.setdiff1d(known.news.mmsi, there)
        news = known.news.without(fresh)
        own = {name: np.flatnonzero(np.isin(ints(each.table["mmsi"]), news.mmsi)) for name, each in held.items()}
        stood = Stood(**{name: each.table.take(pa.array(own[name])) for name, each in held.items()}, since_us=since_us)
        change = extend(news, _of(reports, news.mmsi), stood, bucket, self.hulls)
        if len(change.failed) or (len(known.whole) and all_reports is None):
            keep = ~np.isin(known.news.mmsi, change.failed)
            whole = np.union1d(known.whole, change.failed)
            left = known.news.without(change.failed)
            return _Known(bucket, left, known.read_us[keep], known.tracks_us, whole)
        goes = {
            "tracks": change.tracks_go,
            "statics": change.statics_go,
            "heard": change.heard_go,
            "segments": np.ones(len(own["segments"]), np.bool_),
        }
        built = [build(_of(reports, fresh), bucket, self.hulls)] if len(fresh) else []
        built += [] if all_reports is None else [build(all_reports, bucket, self.hulls)]
        for name, each in held.items():
            go = np.isin(ints(each.table["mmsi"]), known.whole)
            go[own[name]] = goes[name]
            come = [getattr(part, name) for part in (change, *built)]
            come = [rows for rows in come if rows.num_rows] or come[:1]
            self._put(bucket, name, each, go, come[0] if len(come) == 1 else pa.concat_tables(come))
        self.counts["buckets"] += 1
        return None

    def _put(self, bucket: int, table: str, stood: HeldRows, go: np.ndarray, come: pa.Table) -> None:
        parts: list[tuple[dict[str, str], pa.Table]] = [({}, come)]
        if table == "tracks":
            named = set(pc.unique(come["week"]).to_pylist())
            named |= {stood.files[number].partition["week"] for number in np.unique(stood.file[go]).tolist()}
            parts = [({"week": week}, come.filter(pc.equal(come["week"], week))) for week in sorted(named)]
        for more, rows in parts:
            changed = partitions.replace(self.writer, table, {"bucket": bucket, **more}, stood, go, rows)
            self.counts["partitions_written" if changed else "partitions_unchanged"] += 1


_NONE = np.zeros(0, np.int64)
_FAR_US = times.parse("9999-01-01")


def _of(reports: pa.Table, mmsis: Ints) -> pa.Table:
    """The reports of some vessels."""
    chosen = reports.filter(pc.is_in(reports["mmsi"], pa.array(mmsis.astype(np.int32))))
    return chosen.combine_chunks() if chosen.num_rows < reports.num_rows // 2 else chosen


def _wanted(rows: pa.Table, mmsis: Ints, since_us: Ints | None) -> np.ndarray:
    mmsi = rows["mmsi"].to_numpy().astype(np.int64)
    at = np.minimum(np.searchsorted(mmsis, mmsi), len(mmsis) - 1)
    wanted = mmsis[at] == mmsi
    if since_us is not None:
        wanted &= ints(rows["time"], NEVER_US) >= since_us[at]
    return wanted
