#!/bin/sh
# SPDX-License-Identifier: MIT
# debian-packages.sh PREFIX PACKAGE...
#
# Downloads packages of the Debian release this machine runs and unpacks them under PREFIX. apt works on
# lists and a cache of its own, so neither root nor a change to the system is needed. The mirror, the keys
# and the proxy are those the machine already uses.
set -eu

prefix=$1
shift

command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null || {
  echo "debian-packages.sh: this machine has no apt-get or dpkg-deb" >&2
  exit 1
}

. /etc/os-release
release=${VERSION_CODENAME:?this release of Debian has no codename}

# Bookworm itself has Catch2 2 only; version 3 stands in its backports. A library of another release would
# not link with the compiler of this one.
suite=$release
for package; do
  case $release/$package in bookworm/libcatch2-dev) suite=bookworm-backports ;; esac
done

mkdir -p "$(dirname "$prefix")"
state=$(mktemp -d "$prefix.XXXXXX")
trap 'rm -rf "$state"' EXIT
trap 'exit 1' HUP INT TERM
mkdir -p "$state/sources" "$state/lists/partial" "$state/cache/archives/partial" "$state/root"

# The entries of the release itself (not those of its updates or security), with the suite changed.
names="$release stable oldstable oldoldstable testing unstable"
for file in /etc/apt/sources.list.d/*.sources; do
  [ -r "$file" ] || continue
  awk -v names="$names" -v suite="$suite" '
    BEGIN { RS = ""; ORS = "\n\n"; count = split(names, known, " ") }
    /(^|\n)Enabled:[ \t]*no/ { next }
    /debian-security/ { next }
    {
      if (!match($0, /(^|\n)Suites:[^\n]*/)) next
      head = substr($0, 1, RSTART - 1); line = substr($0, RSTART, RLENGTH); tail = substr($0, RSTART + RLENGTH)
      for (i = 1; i <= count; i++)
        if ((line " ") ~ ("[ \t]" known[i] "[ \t]")) { print head "\nSuites: " suite tail; next }
    }' "$file" >"$state/sources/$(basename "$file")"
done
for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
  [ -r "$file" ] || continue
  awk -v names="$names" -v suite="$suite" '
    BEGIN { count = split(names, known, " ") }
    $1 != "deb" || /debian-security/ { next }
    {
      place = 3
      if ($2 ~ /^\[/) { for (place = 2; $place !~ /\]$/; place++); place += 2 }
      for (i = 1; i <= count; i++) if ($place == known[i]) { $place = suite; print; next }
    }' "$file" >"$state/sources/$(basename "$file")"
done
[ -n "$(cat "$state"/sources/* 2>/dev/null)" ] || {
  echo "debian-packages.sh: no apt source of this machine names the release $release" >&2
  exit 1
}

cat >"$state/apt.conf" <<CONF
Dir::Etc::sourcelist "/dev/null";
Dir::Etc::sourceparts "$state/sources";
Dir::State::lists "$state/lists";
Dir::Cache "$state/cache";
APT::Sandbox::User "";
APT::Update::Error-Mode "any";
CONF
export APT_CONFIG="$state/apt.conf"

apt-get -qq update
(cd "$state" && apt-get -qq download "$@")
for deb in "$state"/*.deb; do
  dpkg-deb -x "$deb" "$state/root"
done
mkdir -p "$prefix"
cp -a "$state/root/." "$prefix/"
