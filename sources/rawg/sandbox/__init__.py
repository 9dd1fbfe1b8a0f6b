"""A RAWG API in a process: a made-up catalogue behind every quirk of the real API, with fault switches.

`python -m sources.rawg.sandbox` serves it; `SandboxProcess` runs it as a child. Nothing in it is RAWG's data.
"""

from .process import SandboxProcess

__all__ = ["SandboxProcess"]
