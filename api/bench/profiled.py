"""`tracker …` under cProfile: `python -m bench.profiled FILE serve --port 8000`, then `python -m pstats FILE`."""

import cProfile
import signal
import sys
from pathlib import Path
from typing import Any

from tracker import cli


def stop(*_: Any) -> None:
    sys.exit()


if __name__ == "__main__":
    # uvicorn raises the signal that stopped it again, which would end the process before the profile is written.
    signal.signal(signal.SIGTERM, stop)
    target = Path(sys.argv.pop(1))
    with cProfile.Profile() as profile:
        try:
            cli.main()
        finally:
            profile.dump_stats(target)
