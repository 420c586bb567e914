# syntax=docker/dockerfile:1
# reconciler as a command: docker run --rm -v "$PWD:/work" -e CRITEO_MS_CLIENT_ID -e CRITEO_MS_CLIENT_SECRET reconciler plan
FROM python:3.12-slim AS build
WORKDIR /src
COPY pyproject.toml README.md LICENSE ./
COPY schemas schemas
COPY templates templates
COPY reconciler reconciler
RUN python -m venv /opt/reconciler \
    && /opt/reconciler/bin/pip install --no-cache-dir ".[objectstore,postgres]" \
    && /opt/reconciler/bin/pip uninstall --yes pip

FROM python:3.12-slim
COPY --from=build /opt/reconciler /opt/reconciler
ENV PATH=/opt/reconciler/bin:$PATH PYTHONDONTWRITEBYTECODE=1
RUN useradd --create-home --uid 10001 reconciler
USER 10001
WORKDIR /work
ENTRYPOINT ["reconciler"]
CMD ["--help"]
