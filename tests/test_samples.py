"""Every detector can be tried on a sample, as its docstring shows."""

from __future__ import annotations

import doctest
import sys

import pytest

from darkwake import samples
from darkwake.detectors import registry
from darkwake.errors import DarkwakeError


@pytest.mark.parametrize("name", registry.names())
def test_the_sample_in_the_docstring_of_a_detector_runs(name: str) -> None:
    detector = type(registry.get(name))
    assert f'samples.detect("{name}"' in (detector.__doc__ or "")
    (found,) = doctest.DocTestFinder(recurse=False).find(detector, name, globs=vars(sys.modules[detector.__module__]))
    assert doctest.DocTestRunner().run(found) == (0, len(found.examples))


def test_the_sample_of_the_module_runs() -> None:
    assert doctest.testmod(samples).failed == 0


def test_what_a_detector_does_not_declare_it_is_not_given() -> None:
    needs = registry.get("draught_change").needs
    context = samples.Surroundings().context().only(needs)
    with pytest.raises(DarkwakeError, match=r"`by_code` of what it does not need; expected Needs\(places=True\)"):
        context.places.by_code("KPNAM")
    with pytest.raises(DarkwakeError, match="Needs\\(ship_types=True\\)"):
        context.ship_types.get(299000001)
