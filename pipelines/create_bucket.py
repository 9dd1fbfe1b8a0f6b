"""Creates the lake's bucket if it is not there yet: `python -m pipelines.create_bucket`.

For an object store of one's own; the bucket belongs to its owner alone. In the cloud Terraform makes it.
"""

import sys

from dlt.common.storages.fsspec_filesystem import fsspec_from_config

from pipelines.failures import plain_failure
from pipelines.load import lake_configuration, rawg_pipeline
from sources.rawg.errors import RawgError


def main() -> int:
    """Makes the bucket and returns the exit code of `pipelines/rawg.py`."""
    try:
        with plain_failure():
            filesystem, root = fsspec_from_config(lake_configuration(rawg_pipeline()))
            bucket = root.partition("://")[2].partition("/")[0] or root.partition("/")[0]
            if filesystem.exists(bucket):
                print(f"Bucket {bucket} is there.")
            else:
                filesystem.mkdir(bucket)
                print(f"Created bucket {bucket}.")
    except RawgError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
