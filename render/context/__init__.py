"""A build context as Docker's own tools see it: which files belong to it, and the digest over them.

The program asks it whether a build is due, and the stand-in for the plugin `docker` builds by it.
"""
