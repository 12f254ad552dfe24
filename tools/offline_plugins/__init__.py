"""Stand-ins for Pulumi's plugins, for machines that reach only package registries."""
