"""Dagster over the pipeline: assets, checks, partitions, jobs, schedules and sensors.

No data is handled here: loading is `pipelines/load.py`'s business, modelling is dbt's. `definitions.py` only composes.
"""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
os.environ.setdefault("DLT_PROJECT_DIR", str(ROOT))
os.environ.setdefault("DLT_LOCAL_DIR", os.environ["DLT_PROJECT_DIR"])  # where `data/` is, wherever Dagster was started
