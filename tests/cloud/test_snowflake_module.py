"""Snowflake's half, which no stand-in can apply: every word of it is in the provider's published schema, and the root
that puts both halves together holds without it."""

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.cloud.terraform import Terraform
from tests.project import ROOT

hcl2 = pytest.importorskip("hcl2", reason="python-hcl2 is not installed")

INFRA = ROOT / "infra"
MODULE = INFRA / "modules" / "snowflake"
SCHEMA = ROOT / ".tools" / "node_modules" / "@cdktf" / "provider-snowflake" / ".jsii"
META_ARGUMENTS = {"for_each", "count", "depends_on", "lifecycle", "provider"}
REFERENCE = re.compile(r"\b(snowflake_\w+)\.\w+(?:\[[^\]]*\])*\.(\w+)")
STAND_IN = """
resource "terraform_data" "integration" {
  input = [var.reader_role_arn, var.lake_url]
}

resource "terraform_data" "users" {
  input = [var.task_role_arns, var.public_key, var.database, var.credits_per_month]
}
"""


@cache
def schema() -> dict[str, dict[str, Any]]:
    """The provider's types by name, from the bindings that are made from its schema."""
    if not SCHEMA.exists():
        pytest.skip("the provider's schema is not here; `make tools` gets it")
    types: dict[str, dict[str, Any]] = json.loads(SCHEMA.read_text())["types"]
    return types


def camel(name: str) -> str:
    """snake_case as the bindings write it."""
    first, *rest = name.split("_")
    return first + "".join(word[:1].upper() + word[1:] for word in rest)


def struct(kind: str) -> dict[str, Any]:
    """The arguments of a resource, by name."""
    resource = camel(kind.removeprefix("snowflake_"))
    name = f"@cdktf/provider-snowflake.{resource}.{resource[0].upper()}{resource[1:]}Config"
    assert name in schema(), f"the provider has no {kind}"
    return {entry["name"]: entry for entry in schema()[name]["properties"]}


def members(entry: dict[str, Any]) -> dict[str, Any] | None:
    """The arguments of a nested block; None for a plain argument."""
    for name in re.findall(r"@cdktf/provider-snowflake\.[\w.]+", json.dumps(entry["type"])):
        if "properties" in schema()[name]:
            return {inner["name"]: inner for inner in schema()[name]["properties"]}
    return None


def unknown(block: dict[str, Any], known: dict[str, Any], place: str) -> Iterator[str]:
    """What a block says that the schema does not know, and what it leaves out."""
    given = {name: value for name, value in block.items() if not name.startswith("__") and name not in META_ARGUMENTS}
    for name, value in given.items():
        if camel(name) not in known:
            yield f"{place} has no {name}"
        elif inner := members(known[camel(name)]):
            for one in value if isinstance(value, list) else [value]:
                yield from unknown(one, inner, f"{place}.{name}")
    for name, entry in known.items():
        if not entry.get("optional") and name not in map(camel, given):
            yield f"{place} lacks {name}"


def resources() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Kind, name and body of every resource of the module."""
    for entry in hcl2.loads((MODULE / "main.tf").read_text())["resource"]:
        for kind, named in entry.items():
            for name, body in named.items():
                yield kind.strip('"'), name.strip('"'), body


def test_every_argument_is_in_the_providers_schema() -> None:
    problems = [
        problem for kind, name, body in resources() for problem in unknown(body, struct(kind), f"{kind}.{name}")
    ]
    assert not problems
    assert len(list(resources())) > 15


def test_every_attribute_that_is_read_is_in_the_providers_schema() -> None:
    text = "".join(path.read_text() for path in MODULE.glob("*.tf"))
    references = set(REFERENCE.findall(text))
    assert ("snowflake_storage_integration", "storage_aws_iam_user_arn") in references
    for kind, attribute in references:
        resource = camel(kind.removeprefix("snowflake_"))
        name = f"@cdktf/provider-snowflake.{resource}.{resource[0].upper()}{resource[1:]}"
        assert camel(attribute) in {entry["name"] for entry in schema()[name]["properties"]}, f"{kind}.{attribute}"


def test_a_misspelled_argument_is_found() -> None:
    assert list(unknown({"name": "x", "auto_suspendd": 60}, struct("snowflake_warehouse"), "w")) == [
        "w has no auto_suspendd"
    ]
    assert list(unknown({"comment": "x"}, struct("snowflake_warehouse"), "w")) == ["w lacks name"]


def test_roles_hold_what_they_need_and_no_more() -> None:
    bodies = {f"{kind}.{name}": body for kind, name, body in resources()}
    granted = {
        privilege.strip('"')
        for kind, _, body in resources()
        if kind == "snowflake_grant_privileges_to_account_role" and isinstance(body["privileges"], list)
        for privilege in body["privileges"]
    }
    assert granted == {"USAGE", "SELECT"}
    on_database = bodies["snowflake_grant_privileges_to_account_role.database"]["for_each"]
    assert on_database["READER"] == ['"USAGE"']
    text = (MODULE / "main.tf").read_text()
    assert "all_privileges" not in text
    assert "password" not in text.lower()


@pytest.mark.slow
def test_both_halves_make_one_root(tmp_path: Path) -> None:
    """The root with a stand-in that has the module's own variables and outputs: what is handed on fits, and the
    handshake is no circle, so one apply is enough."""
    terraform = Terraform(tmp_path, "aws")
    root = tmp_path / "infra"
    stand_in = root / "modules" / "snowflake"
    (stand_in / "main.tf").write_text(STAND_IN)
    (stand_in / "versions.tf").unlink()
    outputs = (stand_in / "outputs.tf").read_text()
    arn = '"arn:aws:iam::999999999999:user/${terraform_data.integration.id}"'
    outputs = outputs.replace("snowflake_storage_integration.lake.storage_aws_iam_user_arn", arn)
    external_id = "snowflake_storage_integration.lake.storage_aws_external_id"
    outputs = outputs.replace(external_id, "terraform_data.integration.id")
    (stand_in / "outputs.tf").write_text(outputs)
    main = (root / "main.tf").read_text()
    (root / "main.tf").write_text(re.sub(r'provider "snowflake" \{.*?\n\}\n', "", main, flags=re.S))
    (root / "versions.tf").unlink()
    terraform.root = root
    terraform.initialise()
    terraform.succeed("validate")
