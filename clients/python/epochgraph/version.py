"""The package's version, which every request names."""

VERSION = "0.1.0"
