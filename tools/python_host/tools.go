//go:build tools

// Package python_host pins Pulumi's Python language host for machines that reach only package registries.
package python_host

import _ "github.com/pulumi/pulumi/sdk/v3/python/cmd/pulumi-language-python"
