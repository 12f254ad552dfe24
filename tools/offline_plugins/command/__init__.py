"""Stand-in for `pulumi-resource-command` 1.2.1: commands on this machine and on servers, files to servers."""
