"""Rules over the whole graph of resources, as the program makes it, without an engine or a server."""
