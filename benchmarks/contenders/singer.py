"""A Singer tap for REST APIs and a Singer target for DuckDB, in a virtual environment of their own.

The environment lies beside FOLDER and is made when it is missing, so that runs in neighbouring folders share it. The
tap hands lists on as JSON texts; views unnest them.
"""

import json
import subprocess
import venv
from pathlib import Path

from benchmarks.contenders import KEY, LINKS, PAGE_SIZE, base_url_and_folder
from benchmarks.measure import CommandFailed

ENVIRONMENT = "singer-environment"
PACKAGES = ("tap-rest-api-msdk==1.4.2", "target-duckdb==0.8.0")


def install(folder: Path) -> Path:
    """The folder of tap and target; installs them into `folder` when they are not there.

    Raises:
        CommandFailed: they cannot be installed.
    """
    commands = folder / "bin"
    if (commands / "target-duckdb").exists():
        return commands
    venv.create(folder, with_pip=True, clear=True)
    pip = [str(commands / "python"), "-m", "pip", "install", "-qq", "--disable-pip-version-check", *PACKAGES]
    if subprocess.run(pip, check=False).returncode:
        raise CommandFailed("cannot be installed")
    return commands


def run(commands: Path, base_url: str, folder: Path) -> None:
    """The tap's messages into the target.

    Raises:
        CommandFailed: one of them failed.
    """
    tap = {
        "api_url": base_url,
        "pagination_request_style": "page_number_paginator",
        "next_page_token_path": "$.next",
        "streams": [
            {
                "name": "games",
                "path": "/games",
                "params": {"key": KEY, "page_size": PAGE_SIZE},
                "primary_keys": ["id"],
                "records_path": "$.results[*]",
                "num_inference_records": PAGE_SIZE,
            }
        ],
    }
    target = {
        "path": str(folder / "warehouse.duckdb"),
        "default_target_schema": "raw",
        "temp_dir": str(folder / "files"),
    }
    for name, settings in (("tap", tap), ("target", target)):
        (folder / f"{name}.json").write_text(json.dumps(settings))
    with (
        (folder / "tap.log").open("w") as log,
        subprocess.Popen(
            [str(commands / "tap-rest-api-msdk"), "--config", str(folder / "tap.json")],
            stdout=subprocess.PIPE,
            stderr=log,
        ) as extracting,
    ):
        loaded = subprocess.run(
            [str(commands / "target-duckdb"), "--config", str(folder / "target.json")],
            stdin=extracting.stdout,
            check=False,
        )
    # when the target ends early, the tap cannot write any more and fails, too
    for name, code in (("target", loaded.returncode), ("tap", extracting.returncode)):
        if code:
            raise CommandFailed(f"the {name} ended with exit code {code}")


def unnest(warehouse: Path) -> None:
    """Views of the links."""
    import duckdb

    with duckdb.connect(str(warehouse)) as connection:
        for name in LINKS:
            connection.execute(
                f"""CREATE VIEW raw.games__{name} AS
                    SELECT id AS game_id, unnest(from_json({name}, '["JSON"]')) AS link FROM raw.games"""
            )


if __name__ == "__main__":
    base_url, folder = base_url_and_folder()
    run(install(folder.parent / ENVIRONMENT), base_url, folder)
    unnest(folder / "warehouse.duckdb")
