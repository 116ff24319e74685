# One image for every service: docker run ticketwire:local ingest | processor NAME… | publisher | replayer | console | migrate
ARG PYTHON_VERSION=3.11

# --- build: everything that is needed to install, and is not needed to run
FROM python:${PYTHON_VERSION}-slim AS build
ENV UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy UV_PYTHON_DOWNLOADS=never UV_NO_CACHE=1
RUN python -m pip install --no-cache-dir --disable-pip-version-check uv==0.13.9 \
    && uv venv --python /usr/local/bin/python /opt/ticketwire
WORKDIR /build
# The dependencies first: they change less often than the code, and each must be what the lock says.
COPY requirements.lock ./
RUN VIRTUAL_ENV=/opt/ticketwire uv pip install --require-hashes -r requirements.lock
COPY . .
RUN uv build --wheel --out-dir /dist \
    && VIRTUAL_ENV=/opt/ticketwire uv pip install --no-deps /dist/*.whl

# --- run: Python, the installed packages, and a user who owns nothing
FROM python:${PYTHON_VERSION}-slim
RUN python -m pip uninstall --yes --quiet --root-user-action=ignore setuptools wheel pip \
    && groupadd --system --gid 10001 ticketwire \
    && useradd --system --uid 10001 --gid ticketwire --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin ticketwire
COPY --from=build /opt/ticketwire /opt/ticketwire
ENV PATH=/opt/ticketwire/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
# A ticketwire.toml, if there is one, is mounted here; everything else comes by the environment.
WORKDIR /etc/ticketwire
USER 10001:10001
EXPOSE 8080 8081
STOPSIGNAL SIGTERM
ENTRYPOINT ["ticketwire"]
CMD ["--help"]
