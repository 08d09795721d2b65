"""How those who put something into a queue wake who takes it out, in one process."""

import anyio


class Bell:
    """Rung when there may be something to do; who was not listening then is not told later."""

    def __init__(self) -> None:
        self._rung = anyio.Event()

    def ring(self) -> None:
        """Wake everybody who waits now."""
        self._rung.set()
        self._rung = anyio.Event()

    @property
    def next(self) -> anyio.Event:
        """Set with the next ring: to be had before looking whether there is something to do."""
        return self._rung
