"""infra/ and the workflows without applying anything: formatted, valid, least privilege, linted."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.cloud.terraform import Terraform
from tests.project import ROOT

hcl2 = pytest.importorskip("hcl2", reason="python-hcl2 is not installed")

INFRA = ROOT / "infra"
TOOLS = ROOT / ".tools"
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def tool(*places: Path) -> str:
    """A linter's program; skips where `make tools` was not run."""
    for place in places:
        if place.exists():
            return str(place)
    return shutil.which(places[0].name) or pytest.skip(f"{places[0].name} is not here; `make tools` gets it")


def test_everything_is_formatted() -> None:
    if not shutil.which("terraform"):
        pytest.skip("terraform is not installed")
    environment = {**os.environ, "TF_CLI_CONFIG_FILE": os.devnull}
    checked = subprocess.run(
        ["terraform", "fmt", "-check", "-recursive", "-diff", str(INFRA)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout


def test_every_variable_is_typed_and_described_and_every_output_described() -> None:
    missing = []
    for path in sorted(INFRA.rglob("*.tf")):
        text = hcl2.loads(path.read_text())
        for kind, needed in (("variable", {"type", "description"}), ("output", {"value", "description"})):
            for entry in text.get(kind, []):
                missing += [f"{path}: {name}" for name, body in entry.items() if not needed <= body.keys()]
    assert not missing


@pytest.mark.slow
def test_privileges_and_bad_input(tmp_path: Path) -> None:
    tested = Terraform(tmp_path, "aws").succeed("test")
    assert re.search(r"Success! [1-9]\d* passed, 0 failed", tested), tested


@pytest.mark.slow
def test_checkov_finds_nothing_but_what_is_skipped_with_a_reason(tmp_path: Path) -> None:
    checkov = tool(TOOLS / "checkov" / "bin" / "checkov")
    configuration = (INFRA / ".checkov.yaml").read_text()
    skipped = yaml.safe_load(configuration)["skip-check"]
    assert len(re.findall(r"- CKV\w+ # \S+ \S+", configuration)) == len(skipped)
    # without the list that checkov finds beside the code
    shutil.copytree(INFRA, tmp_path / "infra", ignore=shutil.ignore_patterns(".*"))
    ran = subprocess.run(
        [checkov, "--directory", str(tmp_path), "--framework", "terraform", "--skip-download", "--output", "json"],
        env={**os.environ, "LOG_LEVEL": "ERROR"},
        capture_output=True,
        text=True,
        check=False,
    )
    found = json.loads(ran.stdout)["results"]["failed_checks"]
    assert {entry["check_id"] for entry in found} == set(skipped)


def test_workflows_are_valid() -> None:
    assert [path.name for path in WORKFLOWS] == ["ci.yml", "deploy.yml"]
    schema = ["--builtin-schema", "vendor.github-workflows"]
    linted = subprocess.run(
        [sys.executable, "-m", "check_jsonschema", *schema, *map(str, WORKFLOWS)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert linted.returncode == 0, linted.stdout + linted.stderr


def test_workflows_are_safe() -> None:
    """No injection, no lingering credentials, no more permissions than needed; zizmor's offline audits."""
    linted = subprocess.run(
        [
            str(Path(sys.executable).with_name("zizmor")),
            "--offline",
            "--config",
            str(ROOT / ".github" / "zizmor.yml"),
            *map(str, WORKFLOWS),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert linted.returncode == 0, linted.stdout + linted.stderr


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_workflows_may_do_nothing_unless_a_job_says_so(path: Path) -> None:
    workflow = yaml.safe_load(path.read_text())
    assert workflow["permissions"] in ({}, {"contents": "read"})
    for job in workflow["jobs"].values():
        assert "write-all" not in str(job.get("permissions"))
        assert job["timeout-minutes"] <= 90


def test_a_backfill_has_every_day_of_its_months_once() -> None:
    made = subprocess.run(
        [sys.executable, str(INFRA / "backfill.py"), "2023-11", "2024-02"], capture_output=True, text=True, check=True
    )
    assert json.loads(made.stdout) == {
        "resources": ["games"],
        "ranges": [
            {"updated_from": "2023-11-01", "updated_to": "2023-11-30"},
            {"updated_from": "2023-12-01", "updated_to": "2023-12-31"},
            {"updated_from": "2024-01-01", "updated_to": "2024-01-31"},
            {"updated_from": "2024-02-01", "updated_to": "2024-02-29"},
        ],
    }


@pytest.mark.parametrize("months", [("2024-05", "2024-04"), ("May", "June"), ("", ""), ("2024-01",)])
def test_a_backfill_without_months_is_refused_in_a_sentence(months: tuple[str, ...]) -> None:
    refused = subprocess.run(
        [sys.executable, str(INFRA / "backfill.py"), *months], capture_output=True, text=True, check=False
    )
    assert refused.returncode == 1
    assert refused.stderr.startswith("A backfill goes from a month to a month")
    assert "Traceback" not in refused.stderr
