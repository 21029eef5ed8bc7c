#!/bin/sh
# Makes a directory for each rod. A value that is there is left alone.
set -eu
cd "$(dirname "$0")"

for right in 20 40 60 80 100; do
    directory=workspace/rod-$right
    mkdir -p "$directory"
    [ -e "$directory/value.json" ] ||
        printf '{"left": 0, "right": %s, "cells": 19}\n' "$right" >"$directory/value.json"
done
