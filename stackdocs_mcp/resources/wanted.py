"""Which resources somebody wants to hear of, and which of them an event means."""

from collections.abc import Iterable

from stackdocs_mcp.core.events import About, Event
from stackdocs_mcp.core.model import DocumentId
from stackdocs_mcp.resources.resource import Address


class Wanted:
    """A set of addresses, found by event in one step however many there are."""

    def __init__(self, addresses: Iterable[Address] = ()) -> None:
        self._uris: dict[tuple[About, DocumentId | None], set[str]] = {}
        self._addresses = set[Address]()
        for address in addresses:
            self.add(address)

    def __len__(self) -> int:
        return len(self._addresses)

    def __contains__(self, address: Address) -> bool:
        return address in self._addresses

    def add(self, address: Address) -> None:
        """Want it from now on. Harmless again."""
        self._addresses.add(address)
        for key in _keys(address):
            self._uris.setdefault(key, set()).add(address.uri)

    def discard(self, address: Address) -> None:
        """Want it no more. Harmless without it."""
        if address not in self._addresses:
            return
        self._addresses.remove(address)
        for key in _keys(address):
            self._uris[key].remove(address.uri)
            if not self._uris[key]:
                del self._uris[key]

    def updated(self, event: Event) -> Iterable[str]:
        """The addresses among them that have to be read again."""
        return self._uris.get((event.about, event.document), ())


def _keys(address: Address) -> list[tuple[About, DocumentId | None]]:
    """The events that mean this address, without their stack."""
    return [
        (about, address.document if about in _OF_DOCUMENTS else None)
        for about in address.resource.after
    ]


_OF_DOCUMENTS = frozenset({About.TEXT, About.EXTRACTION})
