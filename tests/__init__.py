"""The tests, from the fastest to those on real parts."""
