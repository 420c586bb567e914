"""How the command line starts the simulator: which world, where, with which faults."""

from collections.abc import Callable
from pathlib import Path


def serve(
    host: str, port: int, state: str | None, seed: str, faults: str | None, *, on_ready: Callable[[str], None]
) -> None:
    """Serve until interrupted; ``on_ready`` gets the URL."""
    from reconciler.sandbox.app import serve as run
    from reconciler.sandbox.faults import load as scripted
    from reconciler.sandbox.world import World

    if state and Path(state).exists():
        world = World.open(state)
    elif seed == "demo":
        world = World.demo(state_file=state)
    elif seed == "guide":
        world = World.guide()
    elif seed == "empty":
        world = World.empty(running=True)
    else:
        world = World.load(seed)
    if faults:
        world.inject(*scripted(Path(faults)))
    run(world, host=host, port=port, on_ready=on_ready)
