// A small web app: a page with its version and the public part of its env, and its health on /up.
package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"html"
	"log"
	"net/http"
	"os"
	"os/signal"
	"sort"
	"strconv"
	"strings"
	"syscall"
	"time"
)

//go:embed VERSION
var versionFile string

var version = strings.TrimSpace(versionFile)

func main() {
	log.SetFlags(0)
	ended, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	port := env("PORT", "8000")
	server := &http.Server{Addr: ":" + port, Handler: routes(), ReadHeaderTimeout: 10 * time.Second}

	failed := make(chan error, 1)
	go func() { failed <- server.ListenAndServe() }()
	log.Printf("version %s serves on port %s", version, port)
	select {
	case err := <-failed:
		log.Fatal(err)
	case <-ended.Done():
	}
	// Requests that have begun are answered; Docker ends the wait after stop_timeout.
	if err := server.Shutdown(context.Background()); err != nil && !errors.Is(err, http.ErrServerClosed) {
		log.Fatal(err)
	}
	log.Print("bye")
}

func routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/up", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "up") })
	mux.HandleFunc("/slow", slow)
	mux.HandleFunc("/", page)
	return mux
}

func page(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/" {
		http.Error(w, "not here", http.StatusNotFound)
		return
	}
	host, _ := os.Hostname()
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	fmt.Fprintf(w, "<h1>%s</h1>\n", html.EscapeString(env("GREETING", "Hello")))
	fmt.Fprintf(w, "<p>version %s on %s</p>\n<ul>\n", html.EscapeString(version), host)
	for _, variable := range publicEnv() {
		fmt.Fprintf(w, "<li>%s</li>\n", html.EscapeString(variable))
	}
	fmt.Fprintln(w, "</ul>")
}

// publicEnv lists what is named PUBLIC_: only that is for everybody to see.
func publicEnv() []string {
	var shown []string
	for _, variable := range os.Environ() {
		if strings.HasPrefix(variable, "PUBLIC_") {
			shown = append(shown, variable)
		}
	}
	sort.Strings(shown)
	return shown
}

func slow(w http.ResponseWriter, r *http.Request) {
	seconds, err := strconv.ParseFloat(r.URL.Query().Get("seconds"), 64)
	if err != nil || seconds < 0 || seconds > 60 {
		seconds = 5
	}
	time.Sleep(time.Duration(seconds * float64(time.Second)))
	fmt.Fprintf(w, "version %s after %g s\n", version, seconds)
}

func env(name, otherwise string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return otherwise
}
