// An SSH server that runs nothing: it reads what a command is sent, and answers as the step's script would.
//
// Arguments: ADDRESS HOST-KEY-FILE AUTHORIZED-KEY-FILE LOG. At SIGTERM it writes one line of JSON to LOG: how
// many connections and commands there were, and the CPU seconds that it took itself.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"os/signal"
	"regexp"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/crypto/ssh"
)

var connections, commands atomic.Int64

// What the program reads from a step's output; the others' is not looked at.
var release = regexp.MustCompile(`/(switch-release|switch-worker|undo-switch)\b.* --release (\S+)`)

func main() {
	log.SetFlags(0)
	if len(os.Args) != 5 {
		log.Fatal("usage: ssh_stub ADDRESS HOST-KEY-FILE AUTHORIZED-KEY-FILE LOG")
	}
	listener, err := net.Listen("tcp", os.Args[1])
	must(err)
	go accept(listener, configuration(os.Args[2], os.Args[3]))
	ended := make(chan os.Signal, 1)
	signal.Notify(ended, syscall.SIGTERM)
	<-ended
	must(os.WriteFile(os.Args[4], []byte(account()), 0o600))
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func configuration(hostKey, authorized string) *ssh.ServerConfig {
	private, err := os.ReadFile(hostKey)
	must(err)
	signer, err := ssh.ParsePrivateKey(private)
	must(err)
	line, err := os.ReadFile(authorized)
	must(err)
	known, _, _, _, err := ssh.ParseAuthorizedKey(line)
	must(err)
	wanted := string(known.Marshal())
	server := &ssh.ServerConfig{
		PublicKeyCallback: func(_ ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
			if string(key.Marshal()) != wanted {
				return nil, fmt.Errorf("unknown key")
			}
			return nil, nil
		},
	}
	server.AddHostKey(signer)
	return server
}

func accept(listener net.Listener, server *ssh.ServerConfig) {
	for {
		connection, err := listener.Accept()
		must(err)
		go serve(connection, server)
	}
}

func serve(connection net.Conn, server *ssh.ServerConfig) {
	defer connection.Close()
	_, channels, requests, err := ssh.NewServerConn(connection, server)
	if err != nil {
		return
	}
	connections.Add(1)
	go ssh.DiscardRequests(requests)
	for opened := range channels {
		channel, asked, err := opened.Accept()
		if err != nil {
			return
		}
		go session(channel, asked)
	}
}

func session(channel ssh.Channel, requests <-chan *ssh.Request) {
	defer channel.Close()
	for request := range requests {
		isCommand := request.Type == "exec"
		if request.WantReply {
			_ = request.Reply(isCommand, nil)
		}
		if !isCommand {
			continue
		}
		var command struct{ Line string }
		must(ssh.Unmarshal(request.Payload, &command))
		commands.Add(1)
		_, _ = io.Copy(io.Discard, channel)
		if found := release.FindStringSubmatch(command.Line); found != nil {
			fmt.Fprintf(channel, "live=%s previous=\n", found[2])
		}
		_, _ = channel.SendRequest("exit-status", false, ssh.Marshal(struct{ Status uint32 }{0}))
		return
	}
}

func account() string {
	var used syscall.Rusage
	must(syscall.Getrusage(syscall.RUSAGE_SELF, &used))
	seconds := time.Duration(used.Utime.Nano() + used.Stime.Nano()).Seconds()
	line, err := json.Marshal(map[string]any{
		"connections": connections.Load(), "commands": commands.Load(), "cpu_seconds": seconds,
	})
	must(err)
	return string(line) + "\n"
}
