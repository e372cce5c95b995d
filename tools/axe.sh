#!/bin/sh
# SPDX-License-Identifier: MIT
# Puts axe-core, which finds what keeps people from reading a page, where the tests of the report look for it.
. "$(dirname "$0")/common.sh"
version=4.14.1
[ -e "build/axe/$version" ] && exit 0
command -v npm >/dev/null || die "axe-core comes by npm; install the package npm to run the tests that need it"
rm -rf build/axe && mkdir -p build/axe
(cd build/axe && npm pack --silent "axe-core@$version" >/dev/null && tar -xzf "axe-core-$version.tgz" --strip-components=1 \
  package/axe.min.js) || die "axe-core $version cannot be fetched by npm"
touch "build/axe/$version"
