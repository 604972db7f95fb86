"""The app in the browser, beside the checkpoints: started on request, and again at each save."""

import asyncio
import socket
import sys
import webbrowser
from contextlib import suppress

from workbench.loader import entry_of
from workbench.runner import end

HOST = "127.0.0.1"
TRIES = 50
QUIET = asyncio.subprocess.DEVNULL


class Preview:
    """Flask's own server for an app. Its reloader is off, because `watch` sees each save itself."""

    def __init__(self, path):
        """Serve the app of this folder, or this .py file."""
        self.path = path
        self.port = 0
        self.process = None

    async def open(self):
        """Start the app unless it runs, and show it in the browser."""
        if not self.port:
            self.port = free_port()
        if not self.process or self.process.returncode is not None:
            await self.start()
        webbrowser.open(self.address)

    @property
    def address(self):
        """Where the app can be seen."""
        return f"http://{HOST}:{self.port}"

    async def start(self):
        """Start the app, and wait until it answers."""
        app = ("--app", str(entry_of(self.path)), "run", "--port", str(self.port))
        self.process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "flask", *app, "--debug", "--no-reload"),
            cwd=self.path.parent,
            stdin=QUIET,
            stdout=QUIET,
            stderr=QUIET,
            start_new_session=True,
        )
        for _ in range(TRIES):
            with suppress(OSError):
                _, writer = await asyncio.open_connection(HOST, self.port)
                writer.close()
                return
            await asyncio.sleep(0.1)

    async def reload(self):
        """Start the app again, if it was opened."""
        if self.process:
            await self.close()
            await self.start()

    async def close(self):
        """End the server."""
        if self.process:
            await end(self.process)


def free_port():
    """Return a port that is free now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return probe.getsockname()[1]
