"""A stand-in for AWS that Terraform can apply to (moto), with ECS tasks as processes on this machine.

    python -m tests.cloud.fake_aws FOLDER          prints its port and serves until stdin closes

A task runs the command that the state machine gave it, in the environment that the applied task definition has: its
variables, its secrets looked up as ECS would, its volumes as folders. `FOLDER/container.json` says what the container
brings along (`PATH`, and where the stand-ins are); `FOLDER/tasks.jsonl` tells what ran.

moto enforces no IAM and knows no network: both are checked on the applied definitions instead. It is patched in its
internals, so its version is pinned.
"""

import json
import os
import socket
import subprocess
import sys
import threading
import uuid
from importlib import import_module
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import quote

from tests.project import ROOT

REGION = "eu-central-1"
ACCOUNT = "123456789012"


class FakeAws:
    """A stand-in on 127.0.0.1 that holds what it is told until it ends."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = 0

    @property
    def endpoint_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        """What makes Terraform, boto and the pipeline use it."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint_url,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ACCESS_KEY_ID": "nobody",
            "AWS_SECRET_ACCESS_KEY": "nothing",
            "AWS_MAX_ATTEMPTS": "1",
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def client(self, service: str) -> Any:
        """A boto3 client."""
        boto3: Any = import_module("boto3")
        return boto3.client(
            service,
            endpoint_url=self.endpoint_url,
            region_name=REGION,
            aws_access_key_id="nobody",
            aws_secret_access_key="nothing",
        )

    def containers_have(self, **environment: str) -> None:
        """Says what every task's container brings along."""
        (self.folder / "container.json").write_text(json.dumps(environment))

    def tasks(self) -> list[dict[str, Any]]:
        """Tasks that ended, oldest first: `family`, `command`, `environment`, `exit_code`, `output`."""
        log = self.folder / "tasks.jsonl"
        return [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []

    def __enter__(self) -> "FakeAws":
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "aws.log").open("w") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", __name__, str(self.folder)],
                cwd=ROOT,
                # AWS's own policies are not needed, and reading them takes seconds
                env={**os.environ, "MOTO_IAM_LOAD_MANAGED_POLICIES": "false", "AWS_DEFAULT_REGION": REGION},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        assert self._process.stdout is not None
        self.port = int(self._process.stdout.readline())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.communicate()


# What follows runs in the child process


def accept_terraform() -> None:
    """Adds the calls of Step Functions that the AWS provider makes and moto lacks."""
    responses: Any = import_module("moto.stepfunctions.responses").StepFunctionResponse
    responses.validate_state_machine_definition = lambda self: json.dumps({"result": "OK", "diagnostics": []})
    responses.list_state_machine_versions = lambda self: json.dumps({"stateMachineVersions": []})
    responses.list_state_machine_aliases = lambda self: json.dumps({"stateMachineAliases": []})


def encode_names() -> None:
    """Encodes names in a list of versions where the caller asks for it: Terraform decodes them to empty a bucket, and
    looks for a name with a plus in vain until the end of days otherwise."""
    responses: Any = import_module("moto.s3.responses").S3Response
    listed = responses.list_object_versions

    def list_object_versions(self: Any) -> Any:
        if self.querystring.get("encoding-type") == ["url"]:
            serialized = self.serialized

            def with_encoded_names(answer: Any) -> Any:
                for version in (*answer.result["Versions"], *answer.result["DeleteMarkers"]):
                    version["Key"] = quote(version["Key"])
                answer.result["EncodingType"] = "url"
                return serialized(answer)

            self.serialized = with_encoded_names
        return listed(self)

    responses.list_object_versions = list_object_versions


def forget_deleted() -> None:
    """Lets the last trace of a deleted file be deleted, which moto fails at: Terraform tries for ever to empty a
    bucket that has one."""
    models: Any = import_module("moto.s3.models")
    models.FakeDeleteMarker.dispose = lambda self: None


def take_plain_http() -> None:
    """Lets the lake be used without encryption, which its own policy forbids."""
    models: Any = import_module("moto.s3.models")
    neutral = import_module("moto.iam.access_control").PermissionResult.NEUTRAL
    models.FakeBucket.get_permission = lambda self, action, resource: neutral


def run_tasks_here(folder: Path) -> None:
    """Makes each `ecs:runTask.sync` of a state machine a process."""
    parser = "moto.stepfunctions.parser.asl.component"
    service = f"{parser}.state.exec.state_task.service"
    import_module("moto.core.config").default_user_config["stepfunctions"] = {"execute_state_machine": True}
    callback: Any = import_module(f"{service}.state_task_service_callback")
    callback._DELAY_SECONDS_SYNC_CONDITION_CHECK = 0.05
    # moto refuses to hand on an error named States.* from a Map or a Parallel
    named: Any = import_module(f"{parser}.common.error_name.error_name").ErrorName
    import_module(f"{parser}.common.error_name.custom_error_name").CustomErrorName.__init__ = lambda self, error_name: (
        named.__init__(self, error_name=error_name)
    )
    sdk: Any = import_module(f"{service}.state_task_service_aws_sdk").StateTaskServiceAwsSdk
    call = sdk._eval_service_task

    def call_with_names(self: Any, env: Any, normalised_parameters: dict[str, Any], **others: Any) -> None:
        # Step Functions' names begin with a capital, boto's for this service do not
        parameters = {f"{key[0].lower()}{key[1:]}": value for key, value in normalised_parameters.items()}
        call(self, env, normalised_parameters=parameters, **others)
        env.stack.append({f"{key[0].upper()}{key[1:]}": value for key, value in env.stack.pop().items()})

    sdk._eval_service_task = call_with_names
    ecs: Any = import_module(f"{service}.state_task_service_ecs").StateTaskServiceEcs
    tasks: dict[str, Task] = {}

    def start(self: Any, env: Any, normalised_parameters: dict[str, Any], **others: Any) -> None:
        _forget_earlier_attempt(env)
        task = Task(folder, normalised_parameters)
        tasks[task.arn] = task
        env.stack.append({"Tasks": [task.described()], "Failures": []})

    def follow(self: Any, env: Any, **others: Any) -> Any:
        task = tasks[env.stack.pop()["Tasks"][0]["TaskArn"]]

        def poll() -> dict[str, Any] | None:
            if not task.has_ended():
                return None
            if task.exit_code:
                raise _task_failed(env, task)
            return task.described()

        return poll

    ecs._eval_service_task = start
    ecs._build_sync_resolver = follow


def _forget_earlier_attempt(env: Any) -> None:
    """moto hands the interrupted callback of a task's first attempt to the second, which then times out at once."""
    token = env.states.context_object.context_object_data["Task"]["Token"]
    pool = env.callback_pool_manager
    if pool.get(token) is not None:
        pool._pool.pop(token, None)
        pool.add(token)


def _task_failed(env: Any, task: "Task") -> Exception:
    component = "moto.stepfunctions.parser.asl.component.common.error_name"
    failure: Any = import_module(f"{component}.failure_event")
    name: Any = import_module(f"{component}.states_error_name").StatesErrorName
    kind: Any = import_module(f"{component}.states_error_name_type").StatesErrorNameType
    details: Any = import_module("moto.stepfunctions.parser.asl.eval.event.event_detail").EventDetails
    api: Any = import_module("moto.stepfunctions.parser.api")
    error: Exception = failure.FailureEventException(
        failure.FailureEvent(
            env=env,
            error_name=name(kind.StatesTaskFailed),
            event_type=api.HistoryEventType.TaskFailed,
            event_details=details(
                taskFailedEventDetails=api.TaskFailedEventDetails(
                    resource="runTask.sync",
                    resourceType="ecs",
                    error="States.TaskFailed",
                    cause=json.dumps(task.described(), separators=(",", ":")),
                )
            ),
        )
    )
    return error


class Task:
    """A task of ECS as a process."""

    def __init__(self, folder: Path, parameters: dict[str, Any]) -> None:
        self.folder = folder
        self.parameters = parameters
        self.name = uuid.uuid4().hex
        self.arn = f"arn:aws:ecs:{REGION}:{ACCOUNT}:task/here/{self.name}"
        self.exit_code: int | None = None
        definition = _backend("ecs").describe_task_definition(parameters["TaskDefinition"])
        (override,) = parameters["Overrides"]["ContainerOverrides"]
        (container,) = [one for one in definition.container_definitions if one["name"] == override["Name"]]
        self.family = definition.family
        self.command = [*container.get("entryPoint", []), *override["Command"]]
        self.environment = self._environment(container, override)
        self.output = folder / f"{self.name}.log"
        with self.output.open("w") as output:
            self.process = subprocess.Popen(
                self.command,
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def _environment(self, container: dict[str, Any], override: dict[str, Any]) -> dict[str, str]:
        variables = {entry["name"]: entry["value"] for entry in container["environment"]}
        for secret in container.get("secrets", []):
            value = _backend("secretsmanager").get_secret_value(secret["valueFrom"], "", "")
            variables[secret["name"]] = value["SecretString"]
        variables |= {entry["Name"]: entry["Value"] for entry in override.get("Environment", [])}
        for mount in container["mountPoints"]:
            place = self.folder / self.name / mount["sourceVolume"]
            place.mkdir(parents=True)
            inside = mount["containerPath"]
            variables = {
                key: f"{place}{value[len(inside) :]}" if f"{value}/".startswith(f"{inside}/") else value
                for key, value in variables.items()
            }
        return {**variables, **json.loads((self.folder / "container.json").read_text())}

    def has_ended(self) -> bool:
        """Whether the process is over; writes it down the first time."""
        if self.exit_code is None and self.process.poll() is not None:
            self.exit_code = self.process.returncode
            entry = {
                "family": self.family,
                "command": self.command,
                "environment": self.environment,
                "network": self.parameters["NetworkConfiguration"],
                "exit_code": self.exit_code,
                "output": self.output.read_text(),
            }
            with (self.folder / "tasks.jsonl").open("a") as log:
                log.write(json.dumps(entry) + "\n")
        return self.exit_code is not None

    def described(self) -> dict[str, Any]:
        """As ECS tells of it."""
        container = {"Name": self.family, "LastStatus": "RUNNING" if self.exit_code is None else "STOPPED"}
        ended = {} if self.exit_code is None else {"ExitCode": self.exit_code}
        return {
            "TaskArn": self.arn,
            "ClusterArn": self.parameters["Cluster"],
            "TaskDefinitionArn": self.parameters["TaskDefinition"],
            "Containers": [{**container, **ended}],
            "LastStatus": container["LastStatus"],
            "StoppedReason": "Essential container in task exited",
        }


def _backend(service: str) -> Any:
    return import_module("moto.backends").get_backend(service)[ACCOUNT][REGION]


def main() -> None:
    """Serves."""
    folder = Path(sys.argv[1])
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    os.environ["MOTO_PORT"] = str(port)  # where the state machines look for the other services
    accept_terraform()
    encode_names()
    forget_deleted()
    take_plain_http()
    run_tasks_here(folder)
    server: Any = import_module("moto.server")
    serving: Any = import_module("werkzeug.serving")
    listener.listen(128)
    http = serving.make_server(
        "127.0.0.1", port, server.DomainDispatcherApplication(server.create_backend_app), True, fd=listener.fileno()
    )
    threading.Thread(target=http.serve_forever, daemon=True).start()
    print(port, flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
