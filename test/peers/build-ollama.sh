#!/bin/sh
# Builds Ollama 0.24.0, the last release whose engine is compiled in by cgo, into the folder named by $1.
# Needs Go 1.26 or newer, a C++ compiler, nlohmann-json3-dev and libstb-dev from Debian, and pip for one
# header that Go's module archive leaves out (its folders named "vendor" are not in there).
set -eu
target=$(mkdir -p "$1" && cd "$1" && pwd)
include=$target/include
mkdir -p "$include/miniaudio"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
pip download --quiet --no-deps --no-binary :all: --dest "$work" miniaudio==1.71
tar -xzf "$work"/miniaudio-*.tar.gz -C "$work"
cp "$work"/miniaudio-*/miniaudio/miniaudio.h "$include/miniaudio/"
CGO_ENABLED=1 CGO_CFLAGS="-O2 -I$include" CGO_CXXFLAGS="-O2 -I$include" GOBIN="$target" \
  go install github.com/ollama/ollama@v0.24.0
echo "$target/ollama"
