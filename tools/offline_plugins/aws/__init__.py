"""The stand-in for Pulumi's AWS plugin: real calls of AWS's API, and a box for every instance that runs."""
