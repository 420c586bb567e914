"""Start the simulator from the command line: world, address, faults."""

from collections.abc import Callable
from pathlib import Path


def serve(
    host: str, port: int, state: str | None, seed: str, faults: str | None, *, on_ready: Callable[[str], None]
) -> None:
    """Serve until interrupted; ``on_ready`` gets the URL. Raise OSError or ValueError for unusable files."""
    from reconciler.sandbox import app
    from reconciler.sandbox.faults import load
    from reconciler.sandbox.world import World

    world = World.open(Path(state) if state else None, seed=seed)
    if faults:
        try:
            world.inject(*load(Path(faults)))
        except ValueError as trouble:
            raise ValueError(f"{faults} holds no faults: {trouble}") from None
    try:
        app.serve(world, host=host, port=port, on_ready=on_ready)
    except OSError as trouble:
        why = str(trouble.strerror).partition(" (")[0]
        raise ValueError(f"it cannot listen on {host}:{port}: {why}; give another --host or --port") from None
