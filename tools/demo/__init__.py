"""The demo: the whole job on this machine, with a server in a container."""
