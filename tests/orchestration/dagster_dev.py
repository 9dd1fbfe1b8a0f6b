"""`dagster dev` as its users have it: webserver, daemon and code server, driven by GraphQL."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import requests

from tests.project import ROOT, Project

PATIENCE = 180.0
"""Seconds after which a run that does not end fails its test."""
OVER = {"SUCCESS", "FAILURE", "CANCELED"}

LAUNCH_JOB = """
mutation($parameters: ExecutionParams!) {
  launchRun(executionParams: $parameters) { __typename ... on LaunchRunSuccess { run { runId } }
    ... on PythonError { message } ... on RunConfigValidationInvalid { errors { message } } }
}"""
LAUNCH_BACKFILL = """
mutation($parameters: LaunchBackfillParams!) {
  launchPartitionBackfill(backfillParams: $parameters) { __typename
    ... on LaunchBackfillSuccess { backfillId } ... on PartitionKeysNotFoundError { message }
    ... on PythonError { message } }
}"""
EXECUTE_AGAIN = """
mutation($parameters: ReexecutionParams!) {
  launchRunReexecution(reexecutionParams: $parameters) { __typename ... on LaunchRunSuccess { run { runId } }
    ... on PythonError { message } }
}"""
RUNS = """
query($filter: RunsFilter) {
  runsOrError(filter: $filter) { ... on Runs { results {
    runId status startTime endTime tags { key value } assetSelection { path } } } }
}"""
EVENTS = """
query($run: ID!) {
  logsForRun(runId: $run) { ... on EventConnection { events { ... on MessageEvent { message eventType } } } }
}"""


class DagsterClient:
    """What a user does with a Dagster at `address`, by GraphQL."""

    def __init__(self, address: str) -> None:
        self.address = address

    def ask(self, query: str, **variables: Any) -> Any:
        """The one answer to a GraphQL query."""
        answer = requests.post(
            f"{self.address}/graphql", json={"query": query, "variables": variables}, timeout=60
        ).json()
        assert "errors" not in answer, answer
        (value,) = answer["data"].values()
        return value

    def launch(self, job: str, config: dict[str, Any] | None = None, tags: dict[str, str] | None = None) -> str:
        """Launches a job and returns its run id."""
        parameters = {
            "selector": {**self._location, "pipelineName": job},
            "runConfigData": config or {},
            "mode": "default",
            "executionMetadata": {"tags": [{"key": key, "value": value} for key, value in (tags or {}).items()]},
        }
        answer = self.ask(LAUNCH_JOB, parameters=parameters)
        assert answer["__typename"] == "LaunchRunSuccess", answer
        return str(answer["run"]["runId"])

    def execute_again(self, run_id: str) -> str:
        """Executes a failed run from where it failed and returns the id of the new run."""
        answer = self.ask(EXECUTE_AGAIN, parameters={"parentRunId": run_id, "strategy": "FROM_FAILURE"})
        assert answer["__typename"] == "LaunchRunSuccess", answer
        return str(answer["run"]["runId"])

    def process_of(self, run_id: str) -> int:
        """The process that executes a run."""
        found = re.findall(r"in process \(pid: (\d+)\)", " ".join(event["message"] for event in self.events(run_id)))
        return int(found[0])

    def backfill(self, assets: Sequence[str], days: Sequence[str]) -> dict[str, Any]:
        """Launches a backfill of partitions of raw tables; the answer has a `backfillId`, or a reason."""
        parameters = {
            "assetSelection": [{"path": ["raw", name]} for name in assets],
            "partitionNames": list(days),
        }
        answer: dict[str, Any] = self.ask(LAUNCH_BACKFILL, parameters=parameters)
        return answer

    def runs(self, **filters: Any) -> list[dict[str, Any]]:
        """Runs that a filter of GraphQL finds, newest first."""
        found: list[dict[str, Any]] = self.ask(RUNS, filter=filters)["results"]
        return found

    def status(self, run_id: str) -> str:
        """The status of a run."""
        return str(self.runs(runIds=[run_id])[0]["status"])

    def await_end(self, run_id: str) -> str:
        """The status of a run once it is over."""
        self.wait_for(lambda: self.status(run_id) in OVER, f"end of run {run_id}")
        return self.status(run_id)

    def await_backfill(self, backfill_id: str) -> list[dict[str, Any]]:
        """The runs of a backfill once all are over."""
        tags = [{"key": "dagster/backfill", "value": backfill_id}]

        def is_over() -> bool:
            runs = self.runs(tags=tags)
            return bool(runs) and all(run["status"] in OVER for run in runs)

        self.wait_for(is_over, f"end of backfill {backfill_id}")
        return self.runs(tags=tags)

    def events(self, run_id: str) -> list[dict[str, Any]]:
        """The events of a run."""
        found: list[dict[str, Any]] = self.ask(EVENTS, run=run_id)["events"]
        return found

    @property
    def _location(self) -> dict[str, str]:
        return {"repositoryLocationName": "orchestration.definitions", "repositoryName": "__repository__"}

    def is_up(self) -> bool:
        """Whether webserver and code server answer."""
        try:
            return bool(self.ask("{ repositoriesOrError { ... on RepositoryConnection { nodes { name } } } }")["nodes"])
        except (requests.ConnectionError, KeyError):
            return False

    def wait_for(self, condition: Callable[[], Any], what: str) -> None:
        """Waits until a condition holds."""
        end = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < end, f"no {what}"
            time.sleep(0.2)


class DagsterDev(DagsterClient):
    """A running Dagster over the pipeline of `project`."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.home = project.folder / "dagster"
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        super().__init__(f"http://127.0.0.1:{self.port}")
        self.environment = {**project.environment, "DAGSTER_HOME": str(self.home), "DLT_LOCAL_DIR": str(project.folder)}
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "DagsterDev":
        self.home.mkdir(exist_ok=True)
        shutil.copy(ROOT / "orchestration" / "dagster.yaml", self.home)
        command = ["dev", "-m", "orchestration.definitions", "-h", "127.0.0.1", "-p", str(self.port)]
        self._process = subprocess.Popen(
            [str(Path(sys.executable).with_name("dagster")), *command],
            cwd=ROOT,
            env=self.environment,
            stdout=(self.home / "output.txt").open("wb"),
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self.wait_for(self.is_up, "webserver and code server")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process is not None
        # at once and all of them: started in the background it takes no Ctrl-C, and its code server outlives it
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    @property
    def output(self) -> str:
        """What Dagster and its runs have printed."""
        return (self.home / "output.txt").read_text(errors="replace")
