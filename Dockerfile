# The controller: one command a container, as nobody in particular, with nothing to write but its backups. pg_dump and
# pg_restore come with the lab's server, so that they are never older than it.
ARG PYTHON_IMAGE=python:3.12-slim
FROM ${PYTHON_IMAGE} AS build
WORKDIR /src
COPY requirements.txt .
RUN pip install --no-cache-dir --require-hashes -r requirements.txt
COPY pyproject.toml README.md LICENSE ./
COPY egrow_replica egrow_replica
COPY sql sql
RUN python -m hatchling build -t wheel -d /dist

FROM ${PYTHON_IMAGE}
COPY requirements-runtime.txt /tmp/
COPY --from=build /dist /tmp/dist
RUN pip install --no-cache-dir --require-hashes -r /tmp/requirements-runtime.txt \
    && pip install --no-cache-dir --no-deps /tmp/dist/*.whl \
    && rm -r /tmp/requirements-runtime.txt /tmp/dist \
    && install -d -o 10001 -g 10001 -m 0700 /work/backups
ENV PYTHONDONTWRITEBYTECODE=1 HOME=/tmp
USER 10001:10001
WORKDIR /work
ENTRYPOINT ["egrow-replica"]
CMD ["--help"]
