"""dlt's `rest_api` source into DuckDB with default settings, links in dlt's own nested child tables."""

import os

from benchmarks.contenders import KEY, PAGE_SIZE, base_url_and_folder


def main() -> None:
    """Loads."""
    base_url, folder = base_url_and_folder()
    # this project's .dlt/config.toml is not dlt's default
    os.environ["DLT_PROJECT_DIR"] = str(folder)
    os.environ["DLT_DATA_DIR"] = str(folder / "files")
    os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"

    import dlt
    from dlt.sources.rest_api import rest_api_source

    source = rest_api_source(
        {
            "client": {
                "base_url": base_url,
                "auth": {"type": "api_key", "name": "key", "api_key": KEY, "location": "query"},
                "paginator": {"type": "json_link", "next_url_path": "next"},
            },
            "resources": [
                {"name": "games", "endpoint": {"path": "games", "params": {"page_size": PAGE_SIZE}}},
            ],
        }
    )
    pipeline = dlt.pipeline(
        "rawg_defaults",
        destination=dlt.destinations.duckdb(str(folder / "warehouse.duckdb")),
        dataset_name="raw",
    )
    pipeline.run(source)


if __name__ == "__main__":
    main()
