"""Maritime identification digits: which administration the first three digits of an MMSI were allotted to.

From the ITU's Table of Maritime Identification Digits (written down from general knowledge of it, not copied).
What an MMSI claims is not the flag of a ship: anybody can type in another number.
"""

from __future__ import annotations

_ALLOTTED: dict[str, str] = {
    "201": "Albania", "202": "Andorra", "203": "Austria", "204 255 263": "Portugal", "205": "Belgium",
    "206": "Belarus", "207": "Bulgaria", "208": "Vatican City State", "209 210 212": "Cyprus", "211 218": "Germany",
    "213": "Georgia", "214": "Moldova", "215 229 248 249 256": "Malta", "216": "Armenia", "219 220": "Denmark",
    "224 225": "Spain", "226 227 228 501 607 618 635": "France", "230": "Finland", "231": "Faroe Islands",
    "232 233 234 235": "United Kingdom", "236": "Gibraltar", "237 239 240 241": "Greece", "238": "Croatia",
    "242": "Morocco", "243": "Hungary", "244 245 246": "Netherlands", "247": "Italy", "250": "Ireland",
    "251": "Iceland", "252": "Liechtenstein", "253": "Luxembourg", "254": "Monaco", "257 258 259": "Norway",
    "261": "Poland", "262": "Montenegro", "264": "Romania", "265 266": "Sweden", "267": "Slovakia",
    "268": "San Marino", "269": "Switzerland", "270": "Czech Republic", "271": "Türkiye", "272": "Ukraine",
    "273": "Russian Federation", "274": "North Macedonia", "275": "Latvia", "276": "Estonia", "277": "Lithuania",
    "278": "Slovenia", "279": "Serbia", "301": "Anguilla", "303 338 366 367 368 369": "United States",
    "304 305": "Antigua and Barbuda", "306": "Curaçao, Sint Maarten, Bonaire, Sint Eustatius and Saba",
    "307": "Aruba", "308 309 311": "Bahamas", "310": "Bermuda", "312": "Belize", "314": "Barbados", "316": "Canada",
    "319": "Cayman Islands", "321": "Costa Rica", "323": "Cuba", "325": "Dominica", "327": "Dominican Republic",
    "329": "Guadeloupe (France)", "330": "Grenada", "331": "Greenland", "332": "Guatemala", "334": "Honduras",
    "336": "Haiti", "339": "Jamaica", "341": "Saint Kitts and Nevis", "343": "Saint Lucia", "345": "Mexico",
    "347": "Martinique (France)", "348": "Montserrat", "350": "Nicaragua",
    "351 352 353 354 355 356 357 370 371 372 373 374": "Panama", "358": "Puerto Rico", "359": "El Salvador",
    "361": "Saint Pierre and Miquelon (France)", "362": "Trinidad and Tobago", "364": "Turks and Caicos Islands",
    "375 376 377": "Saint Vincent and the Grenadines", "378": "British Virgin Islands",
    "379": "United States Virgin Islands", "401": "Afghanistan", "403": "Saudi Arabia", "405": "Bangladesh",
    "408": "Bahrain", "410": "Bhutan", "412 413 414": "China", "416": "Taiwan", "417": "Sri Lanka", "419": "India",
    "422": "Iran", "423": "Azerbaijan", "425": "Iraq", "428": "Israel", "431 432": "Japan", "434": "Turkmenistan",
    "436": "Kazakhstan", "437": "Uzbekistan", "438": "Jordan", "440 441": "Republic of Korea",
    "443": "State of Palestine", "445": "Democratic People's Republic of Korea", "447": "Kuwait", "450": "Lebanon",
    "451": "Kyrgyzstan", "453": "Macao (China)", "455": "Maldives", "457": "Mongolia", "459": "Nepal", "461": "Oman",
    "463": "Pakistan", "466": "Qatar", "468": "Syria", "470 471": "United Arab Emirates", "472": "Tajikistan",
    "473 475": "Yemen", "477": "Hong Kong (China)", "478": "Bosnia and Herzegovina", "503": "Australia",
    "506": "Myanmar", "508": "Brunei Darussalam", "510": "Micronesia", "511": "Palau", "512": "New Zealand",
    "514 515": "Cambodia", "516": "Christmas Island (Australia)", "518": "Cook Islands", "520": "Fiji",
    "523": "Cocos (Keeling) Islands (Australia)", "525": "Indonesia", "529": "Kiribati",
    "531": "Lao People's Democratic Republic", "533": "Malaysia", "536": "Northern Mariana Islands",
    "538": "Marshall Islands", "540": "New Caledonia (France)", "542": "Niue", "544": "Nauru",
    "546": "French Polynesia", "548": "Philippines", "550": "Timor-Leste", "553": "Papua New Guinea",
    "555": "Pitcairn Island", "557": "Solomon Islands", "559": "American Samoa", "561": "Samoa",
    "563 564 565 566": "Singapore", "567": "Thailand", "570": "Tonga", "572": "Tuvalu", "574": "Viet Nam",
    "576 577": "Vanuatu", "578": "Wallis and Futuna Islands (France)", "601": "South Africa", "603": "Angola",
    "605": "Algeria", "608": "Ascension Island", "609": "Burundi", "610": "Benin", "611": "Botswana",
    "612": "Central African Republic", "613": "Cameroon", "615": "Congo", "616 620": "Comoros", "617": "Cabo Verde",
    "619": "Côte d'Ivoire", "621": "Djibouti", "622": "Egypt", "624": "Ethiopia", "625": "Eritrea", "626": "Gabon",
    "627": "Ghana", "629": "Gambia", "630": "Guinea-Bissau", "631": "Equatorial Guinea", "632": "Guinea",
    "633": "Burkina Faso", "634": "Kenya", "636 637": "Liberia", "638": "South Sudan", "642": "Libya",
    "644": "Lesotho", "645": "Mauritius", "647": "Madagascar", "649": "Mali", "650": "Mozambique",
    "654": "Mauritania", "655": "Malawi", "656": "Niger", "657": "Nigeria", "659": "Namibia",
    "660": "Réunion (France)", "661": "Rwanda", "662": "Sudan", "663": "Senegal", "664": "Seychelles",
    "665": "Saint Helena", "666": "Somalia", "667": "Sierra Leone", "668": "Sao Tome and Principe", "669": "Eswatini",
    "670": "Chad", "671": "Togo", "672": "Tunisia", "674 677": "Tanzania", "675": "Uganda",
    "676": "Democratic Republic of the Congo", "678": "Zambia", "679": "Zimbabwe", "701": "Argentina",
    "710": "Brazil", "720": "Bolivia", "725": "Chile", "730": "Colombia", "735": "Ecuador",
    "740": "Falkland Islands (Malvinas)", "745": "French Guiana", "750": "Guyana", "755": "Paraguay", "760": "Peru",
    "765": "Suriname", "770": "Uruguay", "775": "Venezuela",
}  # fmt: skip
_BY_MID = {mid: state for mids, state in _ALLOTTED.items() for mid in mids.split()}


def claimed_flag(mmsi: int) -> str:
    """What the first three digits of an MMSI claim, in words."""
    text = f"{mmsi:09d}"
    if len(text) != 9 or text[0] not in "234567":
        return "this number is not of the form that ship stations have (nine digits, the first one 2 to 7)"
    state = _BY_MID.get(text[:3])
    if state is None:
        return f"allotted to no state, as far as this version knows: the first three digits {text[:3]}"
    return f"{state}, claimed by the MMSI's first three digits {text[:3]}"
