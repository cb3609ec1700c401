"""What every page must be: well-formed, alone in the world, with no link into nothing and no script."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET


def check(html: str) -> ET.Element:
    """Parse a page strictly and check it; gives its root for further questions."""
    assert html.startswith("<!DOCTYPE html>")
    root = ET.fromstring(html.removeprefix("<!DOCTYPE html>"))
    tags = {element.tag for element in root.iter()}
    assert not tags & {"script", "iframe", "object", "embed", "link", "img", "form", "base"}
    assert not re.search(r"https?://|url\((?!#)|@import", re.sub(r"<pre>.*?</pre>", "", html, flags=re.S))
    ids = [element.attrib["id"] for element in root.iter() if "id" in element.attrib]
    assert len(ids) == len(set(ids))
    for element in root.iter():
        for name, value in element.attrib.items():
            assert not name.lower().startswith("on")
            if name in ("href", "src"):
                assert value.startswith("#")
                assert value[1:] in ids
    assert root.find("head/title") is not None
    assert len(root.findall(".//h1")) == 1
    return root


def text(root: ET.Element) -> str:
    """All text of a page, with white space closed up."""
    return " ".join(" ".join(root.itertext()).split())
