# SPDX-License-Identifier: MIT
"""Slow and obvious versions of the analyses, written from the definitions alone.

Nothing here imports klantreis. The tests compare the library with these functions on small logs; readability
comes before speed everywhere.
"""
