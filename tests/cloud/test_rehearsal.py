"""The cloud on this machine: Terraform applies to a stand-in for AWS, and the state machine that it made is started.

Its tasks are the project's own scripts, in the environment that the applied task definitions give them. They load from
the sandbox, through the bucket that was applied, into a stand-in for Snowflake.
"""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from sources.rawg.sandbox import SandboxProcess
from tests.cloud.terraform import Terraform
from tests.project import ROOT, Project

pytest.importorskip("moto", reason="moto is not installed")
pytest.importorskip("fakesnow", reason="fakesnow is not installed")
from tests.cloud.fake_aws import ACCOUNT, REGION, FakeAws
from tests.cloud.fake_snowflake import DATABASE, FakeSnowflake

LAKE = f"game-market-lake-{ACCOUNT}-{REGION}"
LINTER = ROOT / ".tools" / "node_modules" / ".bin" / "asl-validator"
KEY = "a-key-that-nobody-may-see"
USERS = [f"{DATABASE}_{name}" for name in ("LOADER", "TRANSFORMER", "READER")]
SETTINGS = {
    "snowflake_account": "ORGANIZATION-ACCOUNT",
    "snowflake_iam_user_arn": "arn:aws:iam::999999999999:user/snowflake",
    "snowflake_external_id": "ORGANIZATION_SFCRole=1",
    "github_repository": "somebody/game-market",
    "alert_email": "somebody@example.org",
    "state_bucket": "states-of-somebody",
    "deletable": True,
    "retries": 1,
    "retry_seconds": 1,
}
EXIT_CODES = """#!/bin/sh
# a container's Python that ends as it is told, in {folder}/codes, one line a task
read code < {folder}/codes
sed -i 1d {folder}/codes
exit $code
"""


@dataclass
class Rehearsal:
    """The applied pipeline."""

    aws: FakeAws
    folder: Path
    mails: Any = field(init=False)

    def __post_init__(self) -> None:
        (self.folder / "python").write_text(EXIT_CODES.format(folder=self.folder))
        (self.folder / "python").chmod(0o755)
        self.machine = self.aws.client("stepfunctions")
        (found,) = self.machine.list_state_machines()["stateMachines"]
        self.arn = found["stateMachineArn"]
        # what the topic tells is read from a queue
        queues, topics = self.aws.client("sqs"), self.aws.client("sns")
        self.queue = queues.create_queue(QueueName="mails")["QueueUrl"]
        (topic,) = topics.list_topics()["Topics"]
        arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:mails"
        topics.subscribe(TopicArn=topic["TopicArn"], Protocol="sqs", Endpoint=arn)
        self.mails = queues

    def start(self, name: str, **given: Any) -> str:
        """An execution, running; gives its ARN."""
        started = self.machine.start_execution(stateMachineArn=self.arn, name=name, input=json.dumps(given))
        return str(started["executionArn"])

    def ended(self, execution: str, within: float = 400) -> dict[str, Any]:
        """An execution that is over: `status`, `output` or `error` and `cause`."""
        deadline = time.monotonic() + within
        while time.monotonic() < deadline:
            described: dict[str, Any] = self.machine.describe_execution(executionArn=execution)
            if described["status"] != "RUNNING":
                return {**described, "output": json.loads(described.get("output") or "{}")}
            time.sleep(0.2)  # each question costs the stand-in as much as a task's beginning
        raise AssertionError(f"{execution} does not end")

    def told(self, name: str, codes: list[int], **given: Any) -> tuple[str, list[list[str]]]:
        """How an execution ends whose tasks end with these codes, and the commands that ran."""
        self.aws.containers_have(PATH=f"{self.folder}:/usr/bin:/bin")
        (self.folder / "codes").write_text("".join(f"{code}\n" for code in codes))
        before = len(self.aws.tasks())
        ended = self.ended(self.start(name, **given))
        ran = [task["command"] for task in self.aws.tasks()[before:]]
        assert (self.folder / "codes").read_text() == "", "fewer tasks ran than were expected"
        return ended.get("error") or ended["output"]["status"], ran

    def alert(self) -> str:
        """The one message that was told since the last."""
        messages = self.mails.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10).get("Messages", [])
        for message in messages:
            self.mails.delete_message(QueueUrl=self.queue, ReceiptHandle=message["ReceiptHandle"])
        (message,) = [json.loads(message["Body"]) for message in messages]
        return str(message["Message"])


def rawg(*arguments: str) -> list[str]:
    """The command of a load."""
    return ["/usr/bin/env", "python", "pipelines/rawg.py", *arguments]


TRANSFORM = ["/usr/bin/env", "python", "pipelines/transform.py"]
REPORT = ["/usr/bin/env", "python", "-m", "reports.market"]


@pytest.mark.slow
def test_the_applied_pipeline_runs(tmp_path: Path, serve: Callable[..., SandboxProcess]) -> None:
    with FakeAws(tmp_path / "aws") as aws:
        terraform = Terraform(tmp_path, "aws", {**aws.environment, "TF_VAR_rawg_api_key": KEY})
        (terraform.root / "rehearsal.auto.tfvars.json").write_text(json.dumps(SETTINGS))
        applying = terraform.start("apply", "-auto-approve")
        # 50 more seconds pass until S3 has settled the lake's lifecycle, for which nothing else waits
        said = _until(applying, "aws_scheduler_schedule.this: Creation complete")

        rehearsal = Rehearsal(aws, tmp_path / "aws")
        check_definition(rehearsal)
        check_how_runs_end(rehearsal)
        check_one_at_a_time(rehearsal)
        check_real_tasks(rehearsal, tmp_path, serve)

        rest, _ = applying.communicate()
        assert applying.returncode == 0, said + rest
        assert KEY not in said + rest + (terraform.root / "terraform.tfstate").read_text()
        check_least_privilege(aws)
        assert "No changes." in terraform.succeed("plan", "-detailed-exitcode")
        terraform.succeed("destroy", "-auto-approve")
        assert not json.loads((terraform.root / "terraform.tfstate").read_text())["resources"]
        assert not aws.client("s3").list_buckets()["Buckets"]


def _until(process: "subprocess.Popen[str]", words: str) -> str:
    """Waits for a line; gives everything that was said so far."""
    assert process.stdout is not None
    said = ""
    for line in process.stdout:
        said += line
        if words in line:
            return said
    raise AssertionError(said)


def check_definition(rehearsal: Rehearsal) -> None:
    """Every task is bounded in time and retries and leads somewhere when it fails; the linter agrees."""
    text = rehearsal.machine.describe_state_machine(stateMachineArn=rehearsal.arn)["definition"]
    tasks = _tasks(json.loads(text))
    assert len(tasks) == 9
    for task in tasks:
        assert task["TimeoutSeconds"] > 0
        assert task["Catch"]
        assert all(retry["MaxAttempts"] <= 3 and retry["JitterStrategy"] == "FULL" for retry in task["Retry"])
    if LINTER.exists():
        (rehearsal.folder / "definition.json").write_text(text)
        command = [str(LINTER), "--json-path", str(rehearsal.folder / "definition.json")]
        linted = subprocess.run(command, capture_output=True, text=True, check=False)
        assert linted.returncode == 0, linted.stdout + linted.stderr


def _tasks(node: Any) -> list[dict[str, Any]]:
    """Every task of a definition, however deep."""
    if isinstance(node, list):
        return [task for one in node for task in _tasks(one)]
    if not isinstance(node, dict):
        return []
    return [*([node] if node.get("Type") == "Task" else []), *(task for one in node.values() for task in _tasks(one))]


def check_how_runs_end(rehearsal: Rehearsal) -> None:
    """Every exit code leads where the runbook says."""
    told = rehearsal.told
    assert told("well", [0, 0, 0]) == ("loaded", [rawg(), TRANSFORM, REPORT])
    # what was loaded before the quota was reached is modelled and reported
    assert told("quota", [3, 0, 0], max_requests=500) == ("paused", [rawg("--max-requests", "500"), TRANSFORM, REPORT])
    assert told("down-once", [4, 0, 0, 0]) == ("loaded", [rawg(), rawg(), TRANSFORM, REPORT])
    assert told("stopped-once", [130, 0, 143, 0, 0]) == ("loaded", [rawg(), rawg(), TRANSFORM, TRANSFORM, REPORT])

    assert told("down", [4, 4]) == ("RawgUnavailable", [rawg(), rawg()])
    alert = rehearsal.alert()
    assert "RAWG refused or stayed down" in alert
    assert "execution:game-market:down" in alert
    assert told("wrong", [2], resources=["games", "genres"], full_refresh=True) == (
        "WrongSetting",
        [rawg("--resources", "games", "genres", "--full-refresh", "--yes")],
    )
    assert "exit code 2" in rehearsal.alert()
    assert told("broken", [5])[0] == "WarehouseFailed"
    assert "load step ended with exit code 5" in rehearsal.alert()
    assert told("dbt", [0, 5])[0] == "WarehouseFailed"
    assert "transform step ended with exit code 5" in rehearsal.alert()
    assert told("report", [0, 0, 2])[0] == "WrongSetting"
    assert "report step ended with exit code 2" in rehearsal.alert()
    assert told("killed", [137])[0] == "UnexpectedEnd"
    assert "exit code 137" in rehearsal.alert()

    # a backfill: month after month, until the quota
    months = [("2024-01-01", "2024-01-31"), ("2024-02-01", "2024-02-29"), ("2024-03-01", "2024-03-31")]
    ranges = [{"updated_from": first, "updated_to": last} for first, last in months]
    commands = [rawg("--resources", "games", "--updated-from", first, "--updated-to", last) for first, last in months]
    assert told("backfill", [0, 0, 0, 0, 0], ranges=ranges, resources=["games"]) == (
        "loaded",
        [*commands, TRANSFORM, REPORT],
    )
    assert told("backfill-quota", [0, 3, 0, 0], ranges=ranges, resources=["games"]) == (
        "paused",
        [*commands[:2], TRANSFORM, REPORT],
    )


def check_one_at_a_time(rehearsal: Rehearsal) -> None:
    """A second execution does nothing while the first is at work, and goes on after one that was stopped."""
    waiting = rehearsal.folder / "wait"
    waiting.mkdir()
    subprocess.run(["mkfifo", str(waiting / "end")], check=True)
    (waiting / "python").write_text(f"#!/bin/sh\nread code < {waiting}/end\nexit $code\n")
    (waiting / "python").chmod(0o755)
    rehearsal.aws.containers_have(PATH=f"{waiting}:/usr/bin:/bin")
    turns = rehearsal.aws.client("dynamodb")
    first = rehearsal.start("first")
    while not turns.scan(TableName="game-market-turns")["Items"]:
        time.sleep(0.05)
    assert rehearsal.ended(rehearsal.start("second"))["output"]["status"] == "skipped"
    with (waiting / "end").open("w") as end:
        end.write("2\n")
    assert rehearsal.ended(first)["error"] == "WrongSetting"
    rehearsal.alert()

    # one that was stopped cannot give its turn back
    turns.put_item(TableName="game-market-turns", Item={"pipeline": {"S": "game-market"}, "execution": {"S": first}})
    assert rehearsal.told("next", [0, 0, 0])[0] == "loaded"
    assert not turns.scan(TableName="game-market-turns")["Items"]


def check_real_tasks(rehearsal: Rehearsal, folder: Path, serve: Callable[..., SandboxProcess]) -> None:
    """The scripts themselves, with what the applied task definition gives them, and told where the stand-ins are."""
    aws = rehearsal.aws
    sandbox = serve(games=200)
    connections = folder / "connections.jsonl"
    with FakeSnowflake(aws.endpoint_url, LAKE, folder) as snowflake:
        aws.containers_have(
            **aws.environment,
            PATH=f"{Path(sys.executable).parent}:/usr/bin:/bin",
            DLT_PROJECT_DIR=str(ROOT),
            PYTHONPATH=str(ROOT / "tests" / "cloud" / "container"),
            SNOWFLAKE_LOG=str(connections),
            SNOWFLAKE_PORT=str(snowflake.port),
            SOURCES__RAWG__BASE_URL=sandbox.base_url,
            SOURCES__RAWG__REQUESTS_PER_SECOND="1000",
            SOURCES__RAWG__RETRY_BACKOFF="0.01",
            # they run on the same stand-in in tests/dbt
            DBT_EXCLUDE_RESOURCE_TYPES="test unit_test",
        )
        before = len(aws.tasks())
        ended = rehearsal.ended(rehearsal.start("real", resources=["games", "genres"]))
        tasks = aws.tasks()[before:]
        assert ended["output"].get("status") == "loaded", [task["output"] for task in tasks]
        assert [task["family"] for task in tasks] == [f"game-market-{step}" for step in ("load", "transform", "report")]
        load, *others = tasks

        # what was loaded is what a laptop loads, and it was modelled
        local = Project(folder / "local", sandbox.base_url)
        local.load("--resources", "games", "genres")
        compared = {"games": "id, slug, name, added", "games__genres": "game_id, id", "genres": "id, name"}
        for table, columns in compared.items():
            rows = f"SELECT {columns} FROM raw.{table}"
            assert sorted(snowflake.query(rows)) == sorted(local.query(rows)), table
        assert snowflake.query("SELECT count(*) FROM core.dim_game") == [(200,)]

        # signed in as who the task's role is, from the stage, with the run's name on every statement
        for line in connections.read_text().splitlines():
            asked = json.loads(line)
            assert asked["authenticator"].upper() == "WORKLOAD_IDENTITY"
            assert asked["workload_identity_provider"] == "AWS"
            assert {asked.get("password", "None"), asked.get("private_key", "None")} == {"None"}
            assert asked["user"] == asked["role"] in USERS
        statements = snowflake.statements()
        copies = [statement for statement in statements if "COPY" in statement]
        assert copies
        assert all("FROM @GAME_MARKET.PUBLIC.LAKE" in copy and "CREDENTIALS" not in copy for copy in copies)
        assert any("'load real load games" in statement for statement in statements)

        # the key comes from Secrets Manager, to the one task that needs it
        assert load["environment"]["RAWG_API_KEY"] == KEY
        assert KEY not in json.dumps([task["environment"] for task in others])
        assert KEY not in json.dumps([task["output"] for task in tasks])

        # the report is in the lake's bucket, and its numbers are those of the marts
        page = aws.client("s3").get_object(Bucket=LAKE, Key="reports/market.html")["Body"].read().decode()
        assert 'data-name="games" data-value="200"' in page

        # RAWG is down: the script gives up, and so does the run after a retry
        sandbox.faults(**{"502": 1.0})
        down = rehearsal.ended(rehearsal.start("really-down", resources=["games"]))
        assert down["error"] == "RawgUnavailable"
        assert [task["exit_code"] for task in aws.tasks()[before + 3 :]] == [4, 4]
        rehearsal.alert()


def check_least_privilege(aws: FakeAws) -> None:
    """No role as applied may do everything, nor anything to everything unless AWS leaves no choice."""
    iam = aws.client("iam")
    roles = [role["RoleName"] for role in iam.list_roles()["Roles"]]
    assert len(roles) == 11, roles
    readers = set()
    for role in roles:
        for name in iam.list_role_policies(RoleName=role)["PolicyNames"]:
            document = iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
            assert len(json.dumps(document, separators=(",", ":"))) < 10_240  # as many as AWS takes
            for statement in document["Statement"]:
                actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
                assert not any("*" in action for action in actions), (role, actions)
                if "iam:PassRole" in actions:
                    assert statement["Resource"] != "*"
                    assert statement["Condition"]["StringEquals"]["iam:PassedToService"]
                if "secretsmanager:GetSecretValue" in actions:
                    readers.add(role)
    assert readers == {"game-market-load-execution"}
