"""What `tests.forked` imports once for all scripts that it starts; nothing here may start a thread."""

import sources.rawg  # noqa: F401
