"""Terraform as its users have it, with a copy of infra/ and its state in a folder of its own."""

import os
import shutil
import subprocess
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import pytest

from tests.project import ROOT, Finished

PLUGIN_FOLDERS = ("/opt", "/usr/local/share/terraform", "/usr/share/terraform", "~/.terraform.d", "~/.local/share")
LIMIT = 240
"""Seconds that a command may take: a call that a stand-in lacks is tried again for ten minutes."""


@cache
def plugins() -> Path | None:
    """A folder with the AWS provider on this machine; where there is none, Terraform downloads it."""
    for folder in PLUGIN_FOLDERS:
        for binary in Path(folder).expanduser().glob("**/terraform-provider-aws*"):
            if binary.is_file():
                return binary.parents[5]  # plugins/host/namespace/provider/version/platform/binary
    return None


class Terraform:
    """A root below infra/, initialised; skips the test where Terraform or its provider cannot be had."""

    def __init__(self, folder: Path, root: str, environment: Mapping[str, str] | None = None) -> None:
        if not shutil.which("terraform"):
            pytest.skip("terraform is not installed")
        shutil.copytree(ROOT / "infra", folder / "infra", ignore=shutil.ignore_patterns(".terraform*", "*.tfstate*"))
        self.root = folder / "infra" / root
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(("TF_", "AWS_"))}
        self.environment = {
            **inherited,
            "TF_CLI_CONFIG_FILE": os.devnull,
            "TF_IN_AUTOMATION": "1",
            "CHECKPOINT_DISABLE": "1",
            "AWS_REGION": "eu-central-1",
            **(environment or {}),
        }
        self.initialise()

    def initialise(self) -> None:
        """Gets the providers, from this machine where it has them."""
        offline = [f"-plugin-dir={plugins()}"] if plugins() else []
        initialised = self.run("init", "-backend=false", *offline)
        if initialised.exit_code and not offline:
            pytest.skip("Terraform's AWS provider is neither on this machine nor to be downloaded")
        assert initialised.exit_code == 0, initialised.output

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        """A command, running."""
        return subprocess.Popen(
            ["terraform", arguments[0], "-no-color", *arguments[1:]],
            cwd=self.root,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, *arguments: str) -> Finished:
        """A command, run to its end."""
        process = self.start(*arguments)
        try:
            output, _ = process.communicate(timeout=LIMIT)
        finally:
            process.kill()
        return Finished(process.returncode, output)

    def succeed(self, *arguments: str) -> str:
        """A command, run to a good end; gives what it says."""
        finished = self.run(*arguments)
        assert finished.exit_code == 0, finished.output
        return finished.output
