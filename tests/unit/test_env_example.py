"""`.env.example` names all that can be set, and nothing that nobody reads."""

import re
import tomllib
from dataclasses import fields

from sources.rawg.configuration import GameSelection, RawgConfiguration
from tests.project import ROOT

FOLDERS = ("sources", "pipelines", "reports", "orchestration")
CODE = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py")]
SET_BY_US = {
    "ARROW_DEFAULT_MEMORY_POOL",
    "DBT_DUCKDB_PATH",
    "DBT_TARGET",
    "NO_COLOR",
    "PATH",
    "PYTHONPATH",
    "RAWG_SANDBOX_FAULTS",
}
"""Read, but not for users to set: they follow from the rest, or belong to tests, to the terminal or to a library."""
OF_DLT = {
    "DLT_DATA_DIR",
    "DESTINATION__LAKE__CREDENTIALS__AWS_ACCESS_KEY_ID",
    "DESTINATION__LAKE__CREDENTIALS__AWS_SECRET_ACCESS_KEY",
    "DESTINATION__LAKE__CREDENTIALS__ENDPOINT_URL",
    "DESTINATION__LAKE__CREDENTIALS__REGION_NAME",
}
"""Read by dlt itself."""


def _listed() -> list[str]:
    lines = (ROOT / ".env.example").read_text().splitlines()
    return [match[1] for line in lines if (match := re.match(r"#?([A-Z][A-Z0-9_]+)=", line))]


def _of_the_source() -> set[str]:
    names = {field.name for field in fields(RawgConfiguration)} & set(RawgConfiguration.get_resolvable_fields())
    names = {f"SOURCES__RAWG__{name.upper()}" for name in names - {"api_key", "game_selection"}}
    return names | {f"SOURCES__RAWG__GAME_SELECTION__{name.upper()}" for name in GameSelection.get_resolvable_fields()}


def _of_the_destinations() -> set[str]:
    config = tomllib.loads((ROOT / ".dlt" / "config.toml").read_text())["destination"]
    return {"DESTINATION__LAKE__BUCKET_URL"} | {
        f"DESTINATION__WAREHOUSE__{name.upper()}" for name in config["warehouse"] if name != "replace_strategy"
    }


def _of_the_code() -> set[str]:
    text = "\n".join(path.read_text() for path in CODE)
    constants = dict(re.findall(r'^(\w+) = "([A-Z][A-Z0-9_]+)"$', text, re.MULTILINE))
    read = re.findall(r"os\.environ(?:\.get\(|\.setdefault\(|\[)([\"\w]+)", text)
    return {name.strip('"') if name.startswith('"') else constants[name] for name in read}


def _of_dbt() -> set[str]:
    return set(re.findall(r"env_var\('(\w+)'", (ROOT / "dbt" / "profiles.yml").read_text()))


def _of_the_stack() -> set[str]:
    return set(re.findall(r"\$\{(\w+):", (ROOT / "docker-compose.yml").read_text()))


def test_it_lists_what_is_read_and_nothing_else() -> None:
    read = _of_the_source() | _of_the_destinations() | _of_the_code() | _of_dbt() | _of_the_stack() | OF_DLT
    listed = _listed()
    assert len(listed) == len(set(listed))
    assert set(listed) == read - SET_BY_US


def test_it_holds_no_value_that_is_secret() -> None:
    for line in (ROOT / ".env.example").read_text().splitlines():
        if re.search(r"KEY|PASSWORD|SECRET", line.partition("=")[0]) and re.match(r"#?[A-Z_]+=", line):
            assert line.endswith("="), line
