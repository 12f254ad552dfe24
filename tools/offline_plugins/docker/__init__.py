"""Stand-in for `pulumi-resource-docker` 5.2.0: the resource `Image`, the look-up `getRegistryImage`."""
