"""Each script of `remote/`, run for real on a server, twice, and on its failure paths."""
