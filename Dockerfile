# One image for every service of docker-compose.yml: the code location, Dagster's webserver and daemon, the API.
FROM python:3.13.9-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /build
RUN python -m venv /opt/hunter
COPY requirements.txt ./
RUN /opt/hunter/bin/pip install --require-hashes --requirement requirements.txt
COPY pyproject.toml README.md dagster.yaml workspace.yaml ./
COPY sql sql
COPY hunter_pipeline hunter_pipeline
# what built it does not run it: the builder's packages and pip stay behind
RUN /opt/hunter/bin/pip install --no-deps --no-build-isolation . \
    && /opt/hunter/bin/pip uninstall --yes editables hatchling trove-classifiers pip

FROM python:3.13.9-slim-bookworm
LABEL org.opencontainers.image.title="hunter_pipeline" \
      org.opencontainers.image.description="Partner Center referrals, synced into PostgreSQL, ready to call"
RUN python -m pip uninstall --yes pip \
    && groupadd --gid 10001 hunter \
    && useradd --uid 10001 --gid hunter --no-create-home --home-dir /var/lib/hunter --shell /usr/sbin/nologin hunter \
    && install --directory --owner hunter --group hunter --mode 0700 /var/lib/hunter \
    # Dagster makes these two where they are not there, telemetry or not, and the image is read-only
    && install --directory /opt/dagster/logs /opt/dagster/.logs_queue
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
