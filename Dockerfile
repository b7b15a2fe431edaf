# The action's image. Any builder makes it: nothing here needs BuildKit.
# A digest pins the base: --build-arg PYTHON_IMAGE=python:3.13-slim-trixie@sha256:...
ARG PYTHON_IMAGE=python:3.13-slim-trixie

FROM ${PYTHON_IMAGE} AS builder
WORKDIR /build
COPY requirements/build.lock requirements/runtime.lock ./
# The environment gets no pip of its own: the builder's installs into it, and stays behind.
RUN python -m venv tools \
    && tools/bin/pip install --quiet --no-cache-dir --disable-pip-version-check --require-hashes --requirement build.lock \
    && python -m venv --without-pip /opt/qgate \
    && tools/bin/pip --python /opt/qgate/bin/python install --quiet --no-cache-dir --disable-pip-version-check \
        --require-hashes --no-deps --only-binary :all: --no-compile --requirement runtime.lock
# What no gate reaches: test suites, headers, Arrow's network file systems and copies, what Matplotlib writes PDF with (of fontTools it
# imports the names of glyphs), an image format, and the library that only Catalyst loads.
RUN site=$(echo /opt/qgate/lib/python3*/site-packages) \
    && rm -r "$site"/tests "$site"/pyarrow/include "$site"/pyarrow/tests "$site"/pyarrow/*flight* "$site"/pyarrow/*s3* \
        "$site"/pyarrow/libarrow_python.so "$site"/pyarrow/libarrow_python.so.*.*.* "$site"/matplotlib/mpl-data/sample_data \
        "$site"/scipy_openblas32/include "$site"/PIL/_avif*.so "$site"/pillow.libs/libavif* \
        "$site"/pennylane_lightning/liblightning_qubit_catalyst.so \
    && find "$site"/fontTools -type f ! -name __init__.py ! -name agl.py ! -name loggingTools.py ! -name textTools.py -delete \
    && find "$site" -type d -name tests -prune -exec rm -r {} +
COPY . source/
RUN tools/bin/pip wheel --quiet --disable-pip-version-check --no-index --no-deps --no-build-isolation --wheel-dir wheels ./source \
    && tools/bin/pip --python /opt/qgate/bin/python install --quiet --disable-pip-version-check --no-index --no-deps --no-compile \
        wheels/*.whl
# Compiled once here, and never checked against the sources again.
RUN /opt/qgate/bin/python -I -m compileall -q -j 0 --invalidation-mode unchecked-hash /opt/qgate/lib

FROM ${PYTHON_IMAGE}
LABEL org.opencontainers.image.title="qgate" \
      org.opencontainers.image.description="Gates pull requests of hybrid quantum-classical repositories against a charter" \
      org.opencontainers.image.licenses="Apache-2.0"
# Debian keeps only the newest version of a package, so a pinned one stops existing; the base image's digest dates the release.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates git \
    && apt-get clean \
    && rm -rf /var/lib/apt/lists/*
COPY --from=builder /opt/qgate /opt/qgate
ENV LANG=C.UTF-8
# No USER: GitHub mounts the workspace for root. -I: nothing is imported from the working directory, PYTHONPATH or HOME.
ENTRYPOINT ["/opt/qgate/bin/python", "-I", "-m", "entrypoint"]
