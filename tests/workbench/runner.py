"""Run checkpoints in a process that was started before it is needed; a new run ends the old one."""

import asyncio
import json
import os
import signal
import sys
from contextlib import suppress

from workbench.progress import Progress
from workbench.second_process import TESTS

PATIENCE = 120  # seconds without output, after which a run is stopped
LONGEST = 2**24  # bytes of one line


class Runner:
    """Keep one process ready for the next run."""

    def __init__(self, app, heard):
        """Check this app; `heard` is called with a Progress after each line of a run."""
        self.app, self.heard = app, heard
        self.process = None
        self.running = None

    async def warm_up(self):
        """Start a process that imports everything and waits, unless there is one."""
        if self.process is None or self.process.returncode is not None:
            self.process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "workbench.warm"),
                cwd=TESTS,
                env=os.environ | {"PYTHONUNBUFFERED": "1"},
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                limit=LONGEST,
                start_new_session=True,  # an app that asks the terminal gets no answer from ours
            )

    async def run(self, steps):
        """Run the checkpoints of these steps, in this order; return the Progress."""
        await self.warm_up()
        process, self.process = self.process, None
        self.running, progress = process, Progress()
        try:
            words = [*(f"steps/{step}" for step in steps), f"--app={self.app}", "--your-turn"]
            process.stdin.write(json.dumps(words).encode() + b"\n")
            process.stdin.close()
            await self.listen(process, progress)
        except TimeoutError:
            progress.trouble = f"The run has told nothing for {PATIENCE} s, and was ended."
        finally:
            await end(process)
        return progress

    async def listen(self, process, progress):
        """Read the lines that a run writes, and start the process for the next run."""
        while line := await asyncio.wait_for(process.stdout.readline(), PATIENCE):
            progress.hear(json.loads(line))
            self.heard(progress)
            if progress.ended:
                await self.warm_up()
        code = await process.wait()
        if not progress.ended:
            how = f"signal {-code}" if code < 0 else f"exit code {code}"
            ended = f"The run ended without a report ({how})."
            progress.trouble = (
                f"{ended} Which line of your app ends the process, or starts a thread?"
            )
            self.heard(progress)

    async def close(self):
        """End whatever still runs."""
        for process in (self.process, self.running):
            if process:
                await end(process)


async def end(process):
    """End a process with all that it has started, and close what leads to it."""
    with suppress(ProcessLookupError, PermissionError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        elif process.returncode is None:
            process.kill()
    await process.communicate()
