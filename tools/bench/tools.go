//go:build tools

// Package bench pins what only `make bench` needs: a load generator, and a proxy that makes links slow.
package bench

import (
	_ "github.com/Shopify/toxiproxy/v2/cmd/server"
	_ "github.com/tsenart/vegeta/v12"
)
