# localhost/inferometer: operator and load generator, for whoever has Docker or another builder.
#   docker build -f dev/dockerfiles/inferometer.Dockerfile -t localhost/inferometer:dev .
# CI builds the same content without Docker (dev/images build inferometer); keep the two alike.
FROM debian:trixie-slim

RUN apt-get update \
    && apt-get install -y --no-install-recommends python3 python3-pip ca-certificates \
    && rm -rf /var/lib/apt/lists/*

COPY requirements/runtime.txt /tmp/runtime.txt
RUN pip install --no-cache-dir --no-compile --no-deps --require-hashes --only-binary=:all: \
        --break-system-packages --requirement /tmp/runtime.txt \
    && python3 -m compileall -q --invalidation-mode unchecked-hash /usr/local/lib/python3.13/dist-packages \
    && rm /tmp/runtime.txt

# A uid without a name makes getpass, and so kopf, fail at start.
RUN echo 'inferometer:x:65532:65532::/:/usr/sbin/nologin' >> /etc/passwd \
    && echo 'inferometer:x:65532:' >> /etc/group

# Last, since it changes most often.
COPY operator/inferometer_operator /usr/local/lib/python3.13/dist-packages/inferometer_operator
COPY loadgen/inferometer_loadgen /usr/local/lib/python3.13/dist-packages/inferometer_loadgen
COPY pyproject.toml dev/dockerfiles/install_scripts.py /tmp/
RUN python3 /tmp/install_scripts.py /tmp/pyproject.toml \
    && python3 -m compileall -q --invalidation-mode unchecked-hash \
        /usr/local/lib/python3.13/dist-packages/inferometer_operator \
        /usr/local/lib/python3.13/dist-packages/inferometer_loadgen \
    && rm /tmp/pyproject.toml /tmp/install_scripts.py

ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
USER 65532:65532
CMD ["inferometer", "--help"]
