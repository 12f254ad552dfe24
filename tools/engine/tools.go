//go:build tools

// Package engine pins the Pulumi command line for machines that reach only package registries.
package engine

import _ "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
