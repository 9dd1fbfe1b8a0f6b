# Two images from one file: `--target pipeline` loads and models and carries no Dagster, `--target dagster` orchestrates.
FROM python:3.11.14-slim-bookworm AS base
# dlt and dbt look for git, which nothing here needs
ENV PATH=/venv/bin:$PATH PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 GIT_PYTHON_REFRESH=quiet \
    PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1

FROM base AS build-pipeline
RUN python -m venv /venv
COPY requirements.txt constraints.txt /build/
RUN pip install -r /build/requirements.txt -c /build/constraints.txt

FROM build-pipeline AS build-dagster
COPY requirements-dagster.txt /build/
RUN pip install -r /build/requirements-dagster.txt -c /build/constraints.txt

FROM base AS runtime
RUN useradd --uid 10001 --create-home app && install --directory --owner app /app /data /logs
WORKDIR /app
USER app
COPY --chown=app constraints.txt /app/constraints.txt
COPY --chown=app .dlt /app/.dlt
COPY --chown=app dbt /app/dbt
COPY --chown=app sources /app/sources
COPY --chown=app pipelines /app/pipelines
COPY --chown=app reports /app/reports
# what is written lies in /data, apart from the code
ENV DLT_PROJECT_DIR=/app DLT_LOCAL_DIR=/data DLT_DATA_DIR=/data/dlt DBT_SEND_ANONYMOUS_USAGE_STATS=false

FROM runtime AS pipeline
COPY --from=build-pipeline /venv /venv
RUN python pipelines/rawg.py --help > /dev/null
# where the root file system is read-only, these are volumes that the app's user may write to
VOLUME ["/data", "/tmp"]
ENTRYPOINT ["python", "pipelines/rawg.py"]

FROM runtime AS dagster
COPY --from=build-dagster /venv /venv
COPY --chown=app orchestration /app/orchestration
ENV DAGSTER_HOME=/app/dagster
# the manifest of the models, and the settings of the instance
RUN python -c "import orchestration.dbt_project" \
    && install -D orchestration/dagster.compose.yaml dagster/dagster.yaml
EXPOSE 3000
