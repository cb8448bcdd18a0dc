# localhost/magika-model:1.0.3: a model repository as an image volume, for whoever has Docker or another builder.
#   docker build -f dev/dockerfiles/magika-model.Dockerfile -t localhost/magika-model:1.0.3 .
# CI builds the same content without Docker (dev/images build magika); keep the two alike.
FROM debian:bookworm-slim AS wheel
RUN apt-get update && apt-get install -y --no-install-recommends python3 python3-pip unzip
COPY dev/images_lock/magika.txt /tmp/lock.txt
COPY dev/models/magika /magika
RUN pip download --no-deps --require-hashes --only-binary=:all: --dest /tmp/wheel --requirement /tmp/lock.txt \
    && unzip -p /tmp/wheel/*.whl magika/models/standard_v3_3/model.onnx > /magika/1/model.onnx

FROM scratch
COPY --from=wheel /magika /magika
