"""Tests of the toolchain: what it finds, what it makes, and what it says when it cannot."""
