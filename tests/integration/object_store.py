"""A real S3-compatible object store for tests: OpenStack Swift with its S3 gateway, from Debian's `python3-swift`.

Swift checks signatures, refuses a wrong secret and knows multipart uploads and paging, which mocks of S3 do not. All of
its servers run in one child process of the system's Python (Swift is not in the project's environment), which runs
this very file.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any

SYSTEM_PYTHON = "/usr/bin/python3"
ACCESS_KEY = "lake:keeper"
SECRET = "a-secret-that-no-file-may-hold"
REGION = "us-east-1"
BUCKET = "bucket"
CREDENTIALS = "DESTINATION__LAKE__CREDENTIALS__"


class StoreUnavailable(Exception):
    """This machine cannot run the object store; the message says why."""


class ObjectStore:
    """An object store on 127.0.0.1 with its data in `folder`; it can stop and come back with the same data."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = 0
        self._process: subprocess.Popen[str] | None = None

    @property
    def endpoint_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def settings(self) -> dict[str, str]:
        """The environment of a user who keeps the lake in this store."""
        return {
            "DESTINATION__LAKE__BUCKET_URL": f"s3://{BUCKET}/lake",
            f"{CREDENTIALS}AWS_ACCESS_KEY_ID": ACCESS_KEY,
            f"{CREDENTIALS}AWS_SECRET_ACCESS_KEY": SECRET,
            f"{CREDENTIALS}ENDPOINT_URL": self.endpoint_url,
            f"{CREDENTIALS}REGION_NAME": REGION,
        }

    def start(self, until: str = "") -> None:
        """Starts the store, on the same port as before when it ran already.

        Args:
            until: The start of a request, such as `PUT /bucket/lake/`; instead of answering it, the store goes away.

        Raises:
            StoreUnavailable: Swift is not installed, or does not start here.
        """
        if not Path(SYSTEM_PYTHON).exists():
            raise StoreUnavailable(f"There is no {SYSTEM_PYTHON} to run Swift with")
        self.folder.mkdir(parents=True, exist_ok=True)
        log = self.folder / "log"
        with log.open("a") as errors:
            self._process = subprocess.Popen(
                [SYSTEM_PYTHON, __file__, str(self.folder), str(self.port), until],
                env={"PATH": os.defpath, "LANG": "C.UTF-8"},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )
        assert self._process.stdout is not None
        said, _, port = self._process.stdout.readline().partition(" ")
        if said != "ready":
            self.stop()
            *_, reason = ["it says nothing", *log.read_text().split("\n")[:-1]]
            raise StoreUnavailable(f"Swift (Debian's python3-swift) does not start: {reason}")
        self.port = int(port)

    def wait_until_gone(self) -> None:
        """Waits for the request that the store does not survive."""
        assert self._process is not None
        self._process.wait(timeout=120)

    def stop(self) -> None:
        """Ends the store at once, as a power cut would."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def filesystem(self) -> Any:
        """The store as its owner sees it."""
        import s3fs

        return s3fs.S3FileSystem(
            key=ACCESS_KEY,
            secret=SECRET,
            endpoint_url=self.endpoint_url,
            client_kwargs={"region_name": REGION},
            use_listings_cache=False,
            skip_instance_cache=True,
        )

    def __enter__(self) -> "ObjectStore":
        self.start()
        try:
            self.filesystem().mkdir(BUCKET)
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


# What follows runs in the child process

SETTINGS = """
[swift-hash]
swift_hash_path_suffix = lake
swift_hash_path_prefix = lake
[storage-policy:0]
name = only
default = yes
"""
STORAGE = ("account", "container", "object")
STORAGE_SERVER = """
[pipeline:main]
pipeline = server
[app:server]
use = egg:swift#{kind}
"""
PROXY_SERVER = f"""
[pipeline:main]
pipeline = catch_errors cache s3api tempauth bulk slo proxy-server
[app:proxy-server]
use = egg:swift#proxy
allow_account_management = true
account_autocreate = true
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:cache]
use = egg:swift#memcache
[filter:s3api]
use = egg:swift#s3api
location = {REGION}
[filter:tempauth]
use = egg:swift#tempauth
user_{ACCESS_KEY.replace(":", "_")} = {SECRET} .admin
[filter:bulk]
use = egg:swift#bulk
[filter:slo]
use = egg:swift#slo
"""


class Memory:
    """What Swift keeps in memcached: which accounts and buckets there are. Without, it asks two of its servers before
    each answer."""

    def __init__(self, *_: Any, **options: Any) -> None:
        self._kept: dict[str, str] = {}

    def set(self, key: str, value: Any, **_: Any) -> None:
        self._kept[key] = json.dumps(value)

    def get(self, key: str, **_: Any) -> Any:
        return json.loads(self._kept.get(key, "null"))

    def delete(self, key: str, **_: Any) -> None:
        self._kept.pop(key, None)


def serve(folder: Path, port: int, until: str) -> None:
    """Runs all of Swift's servers in this process and says `ready PORT` once they listen; never returns."""
    import eventlet  # type: ignore[import-not-found,unused-ignore]

    eventlet.monkey_patch()
    import eventlet.wsgi  # type: ignore[import-not-found,unused-ignore]
    from swift.common import storage_policy, utils, wsgi  # type: ignore[import-not-found,unused-ignore]
    from swift.common.middleware import memcache  # type: ignore[import-not-found,unused-ignore]

    (folder / "devices" / "disk").mkdir(parents=True, exist_ok=True)
    os.setxattr(folder / "devices", "user.lake", b"")  # fails where files can't have the attributes that Swift sets
    (folder / "swift.conf").write_text(SETTINGS)
    utils.set_swift_dir(str(folder))
    storage_policy.reload_storage_policies()
    memcache.MemcacheRing = Memory
    common = {
        "swift_dir": str(folder),
        "devices": str(folder / "devices"),
        "mount_check": "false",
        "log_level": "ERROR",
    }

    def run(configuration: str, listener: Any) -> None:
        application = wsgi.loadapp(wsgi.ConfigString(configuration), global_conf=common)
        eventlet.spawn(
            eventlet.wsgi.server,
            listener,
            _answers(application, until),
            log_output=False,
            protocol=wsgi.SwiftHttpProtocol,
            capitalize_response_headers=False,  # S3 clients look for `ETag`
        )

    storage = {kind: eventlet.listen(("127.0.0.1", 0)) for kind in STORAGE}
    for kind, listener in storage.items():
        _write_ring(folder, kind, listener.getsockname()[1])
    for kind, listener in storage.items():
        run(STORAGE_SERVER.format(kind=kind), listener)
    gateway = eventlet.listen(("127.0.0.1", port))
    run(PROXY_SERVER, gateway)
    print("ready", gateway.getsockname()[1], flush=True)
    while True:
        eventlet.sleep(3600)


def _write_ring(folder: Path, kind: str, port: int) -> None:
    """Tells the gateway where the one disk of a kind of server is."""
    from swift.common.ring import RingBuilder  # type: ignore[import-not-found,unused-ignore]

    builder = RingBuilder(part_power=4, replicas=1, min_part_hours=0)
    address = {"ip": "127.0.0.1", "port": port, "replication_ip": "127.0.0.1", "replication_port": port}
    builder.add_dev({"id": 0, "region": 1, "zone": 1, "weight": 1.0, "device": "disk", "meta": "", **address})
    builder.rebalance()
    builder.get_ring().save(str(folder / f"{kind}.ring.gz"))


def _answers(application: Any, until: str) -> Any:
    """The application, up to the request that begins with `until`.

    Adds the length that Swift leaves out when it refuses a HEAD: Debian's eventlet would send a body.
    """

    def answer(environ: dict[str, Any], start_response: Any) -> Any:
        method = environ["REQUEST_METHOD"]
        if until and f"{method} {environ['PATH_INFO']}".startswith(until):
            os._exit(0)

        def start(status: str, headers: list[tuple[str, str]], *error: Any) -> Any:
            if method == "HEAD" and "content-length" not in {name.lower() for name, _ in headers}:
                headers = [*headers, ("Content-Length", "0")]
            return start_response(status, headers, *error)

        return application(environ, start)

    return answer


if __name__ == "__main__":
    serve(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
