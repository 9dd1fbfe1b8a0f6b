"""By hand, by somebody who knows that an answer need not be written anew: its bytes go to the file as they came."""

from pathlib import Path
from typing import Any

import requests

from benchmarks.contenders.by_hand import main


def save(file: Path, response: requests.Response, page: dict[str, Any]) -> None:
    """The body as it came."""
    file.write_bytes(response.content)


if __name__ == "__main__":
    main(save)
