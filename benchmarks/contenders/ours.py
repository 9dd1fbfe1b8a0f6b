"""This project as its users run it: the script, and the steps that follow a load.

`python -m benchmarks.contenders.ours BASE_URL FOLDER [load|merge|models|report|rebuild]`, by default a load; a merge
loads all games once more. The lake is `FOLDER/files`; a rebuild makes a second warehouse,
`FOLDER/rebuilt/warehouse.duckdb`.
"""

import os
import sys
from pathlib import Path

from benchmarks.contenders import KEY, base_url_and_folder
from benchmarks.measure import ROOT

STEPS = {
    "load": ["pipelines/rawg.py"],
    "merge": ["pipelines/rawg.py", "--resources", "games", "--updated-from", "2000-01-01"],
    "models": ["pipelines/transform.py", "--exclude-resource-type", "test", "--exclude-resource-type", "unit_test"],
    "report": ["-m", "reports.market"],
    "rebuild": ["pipelines/rebuild.py"],
}


def settings(base_url: str, folder: Path, rebuilt: bool = False) -> dict[str, str]:
    """Settings for data in `folder` and an API that need not be spared."""
    own = folder / "rebuilt" if rebuilt else folder
    return {
        "RAWG_API_KEY": KEY,
        "SOURCES__RAWG__BASE_URL": base_url,
        "SOURCES__RAWG__REQUESTS_PER_SECOND": "1000",
        "SOURCES__RAWG__MONTHLY_REQUESTS": "1000000",
        "DESTINATION__LAKE__BUCKET_URL": str(folder / "files"),
        "DESTINATION__WAREHOUSE__DATABASE_FILE": str(own / "warehouse.duckdb"),
        "DLT_DATA_DIR": str(own / "dlt"),
        "DBT_TARGET_PATH": str(own / "dbt"),
        "DBT_LOG_PATH": str(own / "dbt"),
        "RUNTIME__DLTHUB_TELEMETRY": "false",
    }


if __name__ == "__main__":
    base_url, folder = base_url_and_folder()
    step = sys.argv[3] if len(sys.argv) > 3 else "load"
    os.chdir(ROOT)
    os.environ.update(settings(base_url, folder, rebuilt=step == "rebuild"))
    # the same process goes on as the script
    os.execv(sys.executable, [sys.executable, *STEPS[step]])  # noqa: S606
