"""The versions of libraries that decide what is read: a part of every engine's identity."""

from importlib.metadata import PackageNotFoundError, version

PARSERS = ("pypdfium2", "python-docx", "openpyxl", "python-pptx", "lxml")


def of(*packages: str) -> str:
    """Each package with its version; one that is not installed is ``absent``."""
    return " ".join(map(_versioned, packages))


def _versioned(package: str) -> str:
    try:
        return f"{package}-{version(package)}"
    except PackageNotFoundError:
        return f"{package}-absent"
