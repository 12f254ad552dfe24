"""Pure functions from settings to what is sent to a server: names, release ids, Traefik's files, commands.

Nothing here imports pulumi, opens a connection or changes a file.
"""
