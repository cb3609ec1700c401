"""The version of this software: what it writes beside everything that it records."""

VERSION = "0.2.0"
