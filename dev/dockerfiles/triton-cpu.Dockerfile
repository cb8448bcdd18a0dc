# localhost/triton-cpu:2.51: a real Triton without a GPU, for whoever has Docker or another builder.
#   docker build -f dev/dockerfiles/triton-cpu.Dockerfile -t localhost/triton-cpu:2.51 .
# CI builds the same content without Docker (dev/images build triton); keep the two alike.
FROM debian:bookworm-slim

# The backend's stub embeds Python, so it needs the library, which Debian's python3 program does not.
RUN apt-get update \
    && apt-get install -y --no-install-recommends python3 python3-pip libpython3.11 libexpat1 \
    && rm -rf /var/lib/apt/lists/*

COPY dev/images_lock/triton-cpu.txt /tmp/lock.txt
RUN pip install --no-cache-dir --no-deps --require-hashes --only-binary=:all: --break-system-packages \
        --requirement /tmp/lock.txt \
    && site=/usr/local/lib/python3.11/dist-packages \
    && mv $site/pytriton/tritonserver /opt/tritonserver \
    && mv $site/nvidia_pytriton.libs /opt/tritonserver/lib \
    && rm -rf $site/pytriton $site/nvidia_pytriton* /tmp/lock.txt \
    && cp /opt/tritonserver/python_backend_stubs/3.11/triton_python_backend_stub /opt/tritonserver/backends/python/ \
    && chmod 0755 /opt/tritonserver/backends/python/triton_python_backend_stub /opt/tritonserver/bin/tritonserver \
    && rm -rf /opt/tritonserver/python_backend_stubs \
    && mkdir /models \
    && echo 'triton:x:1000:1000::/:/usr/sbin/nologin' >> /etc/passwd \
    && echo 'triton:x:1000:' >> /etc/group

# Hides where libraries and backends lie, so that pods for this image look like pods for NVIDIA's.
RUN printf '%s\n' '#!/bin/sh' 'export LD_LIBRARY_PATH=/opt/tritonserver/lib' \
        'exec /opt/tritonserver/bin/tritonserver --backend-directory=/opt/tritonserver/backends --exit-timeout-secs=3 "$@"' \
        > /usr/local/bin/tritonserver \
    && chmod 0755 /usr/local/bin/tritonserver

USER 1000:1000
ENTRYPOINT ["tritonserver"]
