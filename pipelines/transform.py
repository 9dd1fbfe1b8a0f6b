"""Models what was loaded: runs dbt on the warehouse that the loader uses.

    python pipelines/transform.py                     dbt build on the real games
    python pipelines/transform.py --sandbox           ... on the made-up ones
    python pipelines/transform.py --select dim_game   any further options are dbt's

Exit codes: 0 built, 2 usage or configuration, 5 dbt failed.
"""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[0] = str(ROOT)  # a script's own folder stands there, and its modules must not shadow others
os.environ.setdefault("DLT_PROJECT_DIR", str(ROOT))
os.environ.setdefault("DLT_LOCAL_DIR", os.environ["DLT_PROJECT_DIR"])

DBT = ROOT / "dbt"
SNOWFLAKE_SETTINGS = "DESTINATION__WAREHOUSE__CREDENTIALS__"
SNOWFLAKE_CREDENTIALS = (
    "host username role warehouse database password private_key private_key_path private_key_passphrase"
    " authenticator workload_identity_provider"
).split()
"""What dbt/profiles.yml reads, by dlt's names."""


def main(argv: list[str] | None = None) -> int:
    """Runs `dbt build` and returns the exit code."""
    arguments = sys.argv[1:] if argv is None else argv
    if {"-h", "--help"} & set(arguments):
        print(__doc__)
        return 0

    from dotenv import load_dotenv

    from pipelines.failures import plain_failure
    from sources.rawg.errors import RawgError

    load_dotenv(ROOT / ".env")
    try:
        with plain_failure():
            target = dbt_target("--sandbox" in arguments)
    except RawgError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    options = [argument for argument in arguments if argument != "--sandbox"]
    finished = subprocess.run(
        [str(Path(sys.executable).with_name("dbt")), "build", "--log-level", "warn", *options],
        cwd=DBT,
        env={**os.environ, "DBT_PROFILES_DIR": str(DBT), **target},
        check=False,
    )
    if finished.returncode:
        return 5
    if path := target.get("DBT_DUCKDB_PATH"):
        print(answers(path))
    return 0


def answers(path: str) -> str:
    """A taste of what the marts in a DuckDB file say."""
    import duckdb

    with duckdb.connect(path, read_only=True) as connection:
        marts = "SELECT count(*) FROM information_schema.tables WHERE table_schema IN ('core', 'market')"
        wanted = "SELECT game_name FROM market.most_wanted ORDER BY to_play_count DESC LIMIT 3"
        (tables,) = connection.execute(marts).fetchall()[0]
        games = [name for (name,) in connection.execute(wanted).fetchall()]
    lines = [f"Modelled   {tables} tables in core and market; dbt/models/marts tells what each answers"]
    if games:
        lines.append(f"           most wanted: {', '.join(games)}")
    return "\n".join(lines)


def dbt_target(sandbox: bool) -> dict[str, str]:
    """The environment that points dbt at the loader's warehouse, wherever dlt found its settings.

    Raises:
        ConfigurationError: nothing was loaded yet.
    """
    from pipelines.load import rawg_pipeline, warehouse_location
    from sources.rawg.errors import ConfigurationError

    pipeline = rawg_pipeline(sandbox)
    location = warehouse_location(pipeline)
    if pipeline.destination.destination_name == "snowflake" or location.startswith("snowflake:"):
        credentials = pipeline.destination_client().config.credentials
        found = {name: getattr(credentials, name, None) for name in SNOWFLAKE_CREDENTIALS}
        settings = {f"{SNOWFLAKE_SETTINGS}{name.upper()}": str(value) for name, value in found.items() if value}
        return {"DBT_TARGET": "snowflake", **settings}
    if not Path(location).exists():
        loader = "pipelines/rawg.py --sandbox" if sandbox else "pipelines/rawg.py"
        raise ConfigurationError(f"There is no warehouse at {location} yet; load one with: python {loader}")
    return {"DBT_TARGET": "duckdb", "DBT_DUCKDB_PATH": location}


if __name__ == "__main__":
    sys.exit(main())
