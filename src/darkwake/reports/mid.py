"""Maritime identification digits: which administration the first three digits of an MMSI were allotted to.

From the ITU's Table of Maritime Identification Digits, as far as the waters and flags of this version's cases need.
What an MMSI claims is not the flag of a ship: anybody can type in another number.
"""

from __future__ import annotations

_ALLOTTED: dict[str, str] = {
    "209 210 212": "Cyprus", "215 229 248 249 256": "Malta", "219 220": "Denmark", "224 225": "Spain",
    "226 227 228": "France", "231": "Faroe Islands", "232 233 234 235": "United Kingdom", "237 239 240 241": "Greece",
    "244 245 246": "Netherlands", "247": "Italy", "257 258 259": "Norway", "261": "Poland", "265 266": "Sweden",
    "211 218": "Germany", "271": "Türkiye", "272": "Ukraine", "273": "Russian Federation",
    "304 305": "Antigua and Barbuda",
    "308 309 311": "Bahamas", "312": "Belize", "316": "Canada", "334": "Honduras",
    "338 366 367 368 369": "United States", "341": "Saint Kitts and Nevis",
    "351 352 353 354 355 356 357 370 371 372 373 374": "Panama", "375 376 377": "Saint Vincent and the Grenadines",
    "403": "Saudi Arabia", "412 413 414": "China", "416": "Taiwan", "419": "India", "422": "Iran",
    "431 432": "Japan", "440 441": "Republic of Korea", "445": "Democratic People's Republic of Korea",
    "453": "Macao (China)", "457": "Mongolia", "470 471": "United Arab Emirates", "477": "Hong Kong (China)",
    "503": "Australia", "511": "Palau", "514 515": "Cambodia", "518": "Cook Islands", "525": "Indonesia",
    "529": "Kiribati", "533": "Malaysia", "538": "Marshall Islands", "548": "Philippines",
    "563 564 565 566": "Singapore", "567": "Thailand", "572": "Tuvalu", "574": "Viet Nam", "576 577": "Vanuatu",
    "613": "Cameroon", "616 620": "Comoros", "626": "Gabon", "636 637": "Liberia", "667": "Sierra Leone",
    "671": "Togo", "674 677": "Tanzania",
}  # fmt: skip
_BY_MID = {mid: state for mids, state in _ALLOTTED.items() for mid in mids.split()}


def claimed_flag(mmsi: int) -> str:
    """What the first three digits of an MMSI claim, in words."""
    text = f"{mmsi:09d}"
    if len(text) != 9 or text[0] not in "234567":
        return "this number is not of the form that ship stations have (nine digits, the first one 2 to 7)"
    state = _BY_MID.get(text[:3])
    if state is None:
        return f"no state known to this version for the first three digits {text[:3]}"
    return f"{state}, claimed by the MMSI's first three digits {text[:3]}"
